/** From values to places on paper. `ticks` are the values that are worth a line. */
export type Scale = { place: (value: number) => number; ticks: number[] }

export type Extent = { from: number; to: number }

/** Values outside land on the border. */
export function linear(domain: Extent, paper: Extent, ticks: number[]): Scale {
  const width = domain.to - domain.from || 1
  return {
    ticks: ticks.filter((tick) => tick >= domain.from && tick <= domain.to),
    place(value) {
      const share = Math.min(1, Math.max(0, (value - domain.from) / width))
      return paper.from + share * (paper.to - paper.from)
    },
  }
}

/** Equal ratios are equally far. The domain and the values have to be positive; 0 lands on the border. */
export function logarithmic(domain: Extent, paper: Extent, ticks: number[]): Scale {
  const { place } = linear({ from: Math.log(domain.from), to: Math.log(domain.to) }, paper, [])
  return {
    ticks: ticks.filter((tick) => tick >= domain.from && tick <= domain.to),
    place: (value) => place(Math.log(Math.max(value, Number.MIN_VALUE))),
  }
}

const STEPS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400]
const MOST_TICKS = 8

/** Round moments between two, epoch seconds: at most eight. */
export function moments({ from, to }: Extent): number[] {
  const step = STEPS_SECONDS.find((seconds) => (to - from) / seconds <= MOST_TICKS) ?? (to - from) / MOST_TICKS
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step)
}

/** Powers of ten that `from` and `to` lie between, thinned to at most `most`. */
export function decades({ from, to }: Extent, most = 6): number[] {
  const low = Math.floor(Math.log10(from))
  const high = Math.ceil(Math.log10(to))
  const step = Math.max(1, Math.ceil((high - low) / most))
  const first = Math.ceil(low / step) * step
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, i) => 10 ** (first + i * step))
}
