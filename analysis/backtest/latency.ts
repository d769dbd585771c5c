import type { Metric, Policy } from '../../crds/policy.ts'
import { badShareOf, type History } from './history.ts'

/** Shares of slower requests between which a boundary tells something, and how many are watched above those. */
const TELLING = { least: 1e-4, most: 0.95 }
const TAIL = 2

/**
 * The policy with the boundaries that its latency metrics would watch (analysis.md 3.7): the declared one, moved up to
 * the next that exists, those that this history exceeds now and then, and two above. Throws RangeError when the history
 * has none.
 */
export function withBoundaries(policy: Policy, history: History): Policy {
  return { ...policy, metrics: policy.metrics.map((metric) => bounded(metric, history)) }
}

function bounded(metric: Metric, history: History): Metric {
  if (metric.kind !== 'latency') return metric
  const { boundaries } = history
  const declared = boundaries.find((ms) => ms >= metric.slowerThanMs) ?? boundaries.at(-1)
  if (declared === undefined)
    throw new RangeError(
      `there are no durations in this history, so ${metric.name} cannot be replayed: give it columns slower_250, or take the metric out`,
    )
  const telling = boundaries.filter((ms) => {
    const share = badShareOf(history, ms)
    return share > TELLING.least && share < TELLING.most
  })
  const above = boundaries.filter((ms) => ms > Math.max(declared, ...telling)).slice(0, TAIL)
  return { ...metric, boundariesMs: [...new Set([declared, ...telling, ...above])].sort((a, b) => a - b) }
}
