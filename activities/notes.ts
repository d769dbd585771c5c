import { formatDuration } from '../crds/duration.ts'
import type { Metric, Policy } from '../crds/policy.ts'
import type { Happening } from './report.ts'

export type Noted = {
  declared: Policy
  /** With the boundaries that are watched. */
  found: Policy
  /** Seconds between two samples of the slowest target. */
  scrape?: number | undefined
  /** Whose load balancing keeps the requests of one client together. */
  affinity?: string | undefined
}

/** What a person should know when a release begins, although it keeps it from nothing. */
export function notesOf({ declared, found, scrape, affinity }: Noted): Happening[] {
  return [
    ...(scrape === undefined ? [] : tooShort(declared.interval, Math.round(scrape * 10) / 10)),
    ...found.metrics.flatMap(moved),
    ...(affinity === undefined ? [] : [sticky(affinity)]),
  ]
}

/** Samples that come a little late now and then are no other pace. */
const SLACK = 0.9

function tooShort(interval: number, scrape: number): Happening[] {
  if (interval >= 2 * scrape * SLACK) return []
  const [declared, spacing, enough] = [interval, scrape, Math.ceil(2 * scrape)].map((seconds) =>
    formatDuration(Math.round(seconds * 1_000)),
  )
  const message = `analysis.interval is ${declared}, but Prometheus looks at the slowest target every ${spacing} only: below twice that, rows without data hold the release; declare ${enough} or more`
  return [{ type: 'Warning', reason: 'IntervalTooShort', message }]
}

function moved(metric: Metric): Happening[] {
  if (metric.kind !== 'latency') return []
  const { name, slowerThanMs, boundariesMs = [] } = metric
  const counted = boundariesMs.find((boundary) => boundary >= slowerThanMs)
  if (counted === undefined || counted === slowerThanMs) return []
  const [instead, declared] = [formatDuration(counted), formatDuration(slowerThanMs)]
  const message = `${name} counts requests slower than ${instead} instead of ${declared}: that is the next bucket boundary that the histograms have`
  return [{ type: 'Normal', reason: 'BoundaryMoved', message }]
}

const sticky = (affinity: string): Happening => ({
  type: 'Warning',
  reason: 'SessionAffinity',
  message: `${affinity} keeps the requests of a client together (consistentHash): they fail together then, which is weaker evidence than it looks; raise analysis.burst, or count users by counters`,
})
