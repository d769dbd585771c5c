import type { Policy } from '../../crds/policy.ts'
import { watching } from '../boundaries.ts'
import { badShareOf, type History } from './history.ts'

/**
 * The policy with the boundaries that its latency metrics would watch, by what the whole history has exceeded. Throws
 * RangeError when it has none at or above a declared one.
 */
export function withBoundaries(policy: Policy, history: History): Policy {
  const slowerShare = (boundary: number): number => badShareOf(history, boundary)
  const bounded = watching(policy, { existing: history.boundaries, slowerShare })
  for (const metric of bounded.metrics) {
    if (metric.kind !== 'latency' || metric.boundariesMs) continue
    const { slowerThanMs, name } = metric
    throw new RangeError(
      `this history knows no requests slower than ${slowerThanMs} ms or more, so ${name} cannot be replayed: ` +
        `give it a column slower_${slowerThanMs}, or take the metric out`,
    )
  }
  return bounded
}
