import { targetOf } from './labels.ts'
import type { Series } from './client.ts'

/** When samples arrive, learned from their times: how long a row has to wait, and when a look is worth it. */
export type Pace = {
  learn(series: readonly Series[]): void
  /** Seconds between scrapes of the slowest target; a guess for this interval before anything was seen. */
  scrape(interval: number): number
  knows(): boolean
  /** Times (epoch seconds of Prometheus), ascending, at which to look for the row that ends at `t1`; the last is final. */
  looks(interval: number, t1: number): number[]
}

const SLOWEST_GUESS = 15
const MOST_PLANS = 64
/** A target that missed so many scrapes is gone. */
const MISSED_SCRAPES = 10

type Rhythm = { last: number; spacing: number }

export function openPace(): Pace {
  const rhythms = new Map<string, Rhythm>()
  // Kept, so that all releases of one interval look at the same moment and share one query.
  const plans = new Map<string, number[]>()
  const scrape = (interval: number): number =>
    rhythms.size === 0
      ? Math.min(SLOWEST_GUESS, Math.max(1, interval))
      : Math.max(...[...rhythms.values()].map(({ spacing }) => spacing))
  return {
    learn(series) {
      for (const one of series) note(rhythms, one)
      prune(rhythms)
    },
    scrape,
    knows: () => rhythms.size > 0,
    looks(interval, t1) {
      const key = `${interval}:${t1}`
      const plan = plans.get(key) ?? planned(rhythms, interval, t1, scrape(interval))
      plans.set(key, plan)
      for (const old of plans.keys()) if (plans.size > MOST_PLANS) plans.delete(old)
      return plan
    },
  }
}

/** A row closes at t1 + scrape + lag; one look when the next samples should be there, one in between. */
function planned(rhythms: Map<string, Rhythm>, interval: number, t1: number, scrape: number): number[] {
  const final = t1 + scrape + Math.min(5, interval / 4)
  const next = [...rhythms.values()].map(
    ({ last, spacing }) => last + Math.max(0, Math.ceil((t1 - last) / spacing - 1e-3)) * spacing,
  )
  const arrival = next.length === 0 ? t1 + (final - t1) / 3 : Math.max(...next)
  const first = Math.min(Math.max(arrival + Math.min(0.25, scrape / 10), t1), final)
  const looks = [first, (first + final) / 2, final].map((time) => Math.round(time * 1_000) / 1_000)
  return [...new Set(looks)]
}

function note(rhythms: Map<string, Rhythm>, one: Series): void {
  const times = one.samples.map(([time]) => time)
  const last = times.at(-1)
  if (last === undefined) return
  const target = targetOf(one)
  const known = rhythms.get(target)
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? time))
  const spacing = median(gaps) ?? known?.spacing
  if (spacing === undefined || (known && known.last > last)) return
  rhythms.set(target, { last, spacing })
}

function prune(rhythms: Map<string, Rhythm>): void {
  const newest = Math.max(...[...rhythms.values()].map(({ last }) => last))
  for (const [target, { last, spacing }] of rhythms) {
    if (newest - last > MISSED_SCRAPES * spacing) rhythms.delete(target)
  }
}

function median(values: number[]): number | undefined {
  return values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}
