import type { Metric, Policy } from '../../crds/policy.ts'
import { watchedBoundaries } from '../boundaries.ts'
import { badShareOf, type History } from './history.ts'

/** Of sixty cells that a row may have. */
const MOST_BOUNDARIES = 20

/**
 * The policy with the boundaries that its latency metrics would watch, by what the whole history has exceeded. Throws
 * RangeError when it has none at or above a declared one.
 */
export function withBoundaries(policy: Policy, history: History): Policy {
  return { ...policy, metrics: policy.metrics.map((metric) => bounded(metric, history)) }
}

function bounded(metric: Metric, history: History): Metric {
  if (metric.kind !== 'latency') return metric
  const { slowerThanMs, name } = metric
  const slowerShare = (boundary: number): number => badShareOf(history, boundary)
  const found = watchedBoundaries({ slowerThanMs, existing: history.boundaries, slowerShare, most: MOST_BOUNDARIES })
  if (found.length > 0) return { ...metric, boundariesMs: found }
  throw new RangeError(
    `this history knows no requests slower than ${slowerThanMs} ms or more, so ${name} cannot be replayed: ` +
      `give it a column slower_${slowerThanMs}, or take the metric out`,
  )
}
