/** From values to places on paper, and back. Values outside land on the border. */
export type Scale = { from: number; to: number; place: (value: number) => number; value: (place: number) => number }

export function linear([from, to]: [number, number], [start, end]: [number, number]): Scale {
  const width = to - from || 1
  return {
    from,
    to,
    place: (value) => start + Math.min(1, Math.max(0, (value - from) / width)) * (end - start),
    value: (place) => from + ((place - start) / (end - start || 1)) * width,
  }
}

const SECOND = 1_000
const STEPS_MS = [
  1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800,
].map((seconds) => seconds * SECOND)

/** Round moments between two, epoch milliseconds: at most `most`. Local time decides what is round. */
export function moments(from: number, to: number, most: number): number[] {
  const step = STEPS_MS.find((each) => (to - from) / each <= most) ?? (to - from) / most
  const zone = new Date(from).getTimezoneOffset() * 60 * SECOND
  const first = Math.ceil((from - zone) / step) * step + zone
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
}

/** The next round number above: 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const times = [1, 2, 5, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10
  return times * power
}
