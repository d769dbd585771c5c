import type { Metric, Policy } from '../crds/policy.ts'
import { MOST_CELLS } from './row.ts'

/** Shares of slower requests between which a boundary tells something, and how many are watched above those. */
const TELLING = { least: 1e-4, most: 0.95 }
const TAIL = 2

/** What is known of a service's durations. */
export type Durations = {
  /** Milliseconds: those that the histograms have. */
  existing: readonly number[]
  /** Share of the baseline's requests that are slower than a boundary, 0 to 1; undefined where nobody knows. */
  slowerShare: (boundaryMs: number) => number | undefined
}

/**
 * The policy with the boundaries that its latency metrics watch, as many as the cells of a row allow. It keeps those that
 * it has; a metric stays open where the histograms have nothing high enough.
 */
export function watching(policy: Policy, durations: Durations): Policy {
  const most = mostBoundaries(policy.metrics)
  const watched = (metric: Metric): Metric => {
    if (metric.kind !== 'latency' || metric.boundariesMs) return metric
    const found = watchedBoundaries({ ...durations, slowerThanMs: metric.slowerThanMs, most })
    return found.length > 0 ? { ...metric, boundariesMs: found } : metric
  }
  return { ...policy, metrics: policy.metrics.map(watched) }
}

/** What is left of a release's cells for each latency metric. */
function mostBoundaries(metrics: Metric[]): number {
  const latencies = metrics.filter(({ kind }) => kind === 'latency').length
  const others = metrics.filter(({ kind }) => kind === 'requests' || kind === 'counters').length
  return Math.max(1, Math.floor((MOST_CELLS - others) / Math.max(1, latencies)))
}

export type WatchedOptions = Durations & {
  /** Milliseconds, as declared. */
  slowerThanMs: number
  /** So many at most, ≥ 1: the declared one first, then from the top down. */
  most: number
}

/**
 * The boundaries that a latency metric watches, rising (analysis.md 3.7): the declared one moved up to the next that
 * exists, every one that the baseline exceeds now and then, and two above those for what it does not do yet. Empty where
 * none exists at or above the declared one.
 */
export function watchedBoundaries({ slowerThanMs, existing, slowerShare, most }: WatchedOptions): number[] {
  const rising = [...new Set(existing)].filter(Number.isFinite).sort((a, b) => a - b)
  const declared = rising.find((boundary) => boundary >= slowerThanMs)
  if (declared === undefined) return []
  const telling = rising.filter((boundary) => tells(slowerShare(boundary)))
  const highest = telling.at(-1)
  const tail = highest === undefined ? [] : rising.filter((boundary) => boundary > highest).slice(0, TAIL)
  const others = [...telling, ...tail].filter((boundary) => boundary !== declared)
  return [declared, ...others.toReversed().slice(0, most - 1)].sort((a, b) => a - b)
}

const tells = (share: number | undefined): boolean =>
  share !== undefined && share > TELLING.least && share < TELLING.most
