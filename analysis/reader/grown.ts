import type { Moment } from '../backtest/history.ts'
import { repeatsOf, UNCLEAR } from './callers.ts'
import type { Sample, Series } from './client.ts'
import { growth } from './differences.ts'
import { lineOf, replicaLabel, type Line } from './labels.ts'
import { DURATION_BUCKET, DURATION_COUNT, REQUESTS } from './queries.ts'
import { AskError } from './refusal.ts'
import { tallyRequests } from './tally.ts'

export type GaugeOptions = { service: string; step: number; boundaries: number[] }

/** Differences what was shown at the edges in (from, to], piece after piece. Undefined where a step is not known. */
export type Gauge = (series: Series[], from: number, to: number) => (Moment | undefined)[]

/**
 * A series that comes later began at 0 if its target was there before; otherwise its first value is only a base. A step
 * is known when something was shown at both of its edges. Asking again about a piece that failed is safe: only what was
 * answered moves the base.
 */
export function openGauge({ service, step, boundaries }: GaugeOptions): Gauge {
  const lasts = new Map<string, Sample>()
  const targets = new Map<string, number>()
  let shownAt: number | undefined
  return (series, from, to) => {
    const lines = series.map(lineOf)
    const replica = replicaLabel(lines)
    if (replica !== undefined)
      throw new AskError(`two replicas of Prometheus answer at once (label ${replica})`, 'address')
    const isRepeated = repeatsOf(lines)
    if (lines.some(({ labels }) => isRepeated(labels) === undefined)) throw new AskError(UNCLEAR, 'address')
    const steps = Math.round((to - from) / step)
    const tallies = Array.from({ length: steps }, () => tallyOf(boundaries.length))
    const shown = new Set<number>(shownAt === undefined ? [] : [shownAt])
    for (const [target, first] of firstSeen(lines)) if (!targets.has(target)) targets.set(target, first)
    for (const line of lines) {
      const add = columnOf(line, service, boundaries)
      for (const sample of line.samples) {
        const [time] = sample
        if (time <= from || time > to) continue
        if (line.labels.__name__ === REQUESTS) shown.add(time)
        const tally = tallies[Math.round((time - from) / step) - 1]
        const amount = grown(sample, lasts.get(line.identity), targets.get(line.target))
        if (tally && !isRepeated(line.labels)) add(tally, amount)
        lasts.set(line.identity, sample)
      }
    }
    shownAt = shown.has(to) ? to : undefined
    return tallies.map((tally, i) => {
      const end = from + (i + 1) * step
      return shown.has(end) && shown.has(end - step) ? momentOf(tally) : undefined
    })
  }
}

function firstSeen(lines: Line[]): Map<string, number> {
  const first = new Map<string, number>()
  for (const { target, samples } of lines) {
    const [time] = samples[0] ?? [Infinity]
    first.set(target, Math.min(time, first.get(target) ?? Infinity))
  }
  return first
}

function grown(sample: Sample, last: Sample | undefined, targetSince: number | undefined): number {
  if (!Number.isFinite(sample[1])) return 0
  if (last !== undefined) return growth([sample], last, () => false)
  return targetSince !== undefined && targetSince < sample[0] ? sample[1] : 0
}

/** Requests, bad ones, requests with a duration, and those up to each boundary. */
type Tally = { n: number; x: number; timed: number; upTo: number[] }

const tallyOf = (boundaries: number): Tally => ({
  n: 0,
  x: 0,
  timed: 0,
  upTo: Array.from({ length: boundaries }, () => 0),
})

/** Where a series adds to. Whether its requests are bad says the tally of the live reader. */
function columnOf(line: Line, service: string, boundaries: number[]): (tally: Tally, amount: number) => void {
  const { __name__: name, le } = line.labels
  if (name === DURATION_COUNT) return (tally, amount) => (tally.timed += amount)
  if (name === DURATION_BUCKET) {
    const place = boundaries.indexOf(Number(le))
    return (tally, amount) => (tally.upTo[place] = (tally.upTo[place] ?? 0) + amount)
  }
  const { cell } = tallyRequests([{ ...line, amount: 1 }], { canary: '', baseline: service })
  const isBad = cell[3] === 1
  return (tally, amount) => {
    tally.n += amount
    if (isBad) tally.x += amount
  }
}

/** Undefined where histograms contradict themselves. */
function momentOf({ n, x, timed, upTo }: Tally): Moment | undefined {
  const edges = upTo.length === 0 ? [] : [...upTo, timed]
  const classes = edges.map((count, j) => count - (edges[j - 1] ?? 0))
  return classes.every((count) => count >= 0) ? { n, x, classes } : undefined
}
