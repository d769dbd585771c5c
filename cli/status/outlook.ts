import { planning, type PlanningOptions } from '../../analysis/planning.ts'
import { formatDuration } from '../../crds/duration.ts'
import type { Policy } from '../../crds/policy.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { MetricEvidence } from '../../crds/verdict.ts'
import { integer } from '../render.ts'

const RATIOS = [2, 5, 10]
const DAY_SECONDS = 86_400
/** β: the level at which a ramp promotes. */
const PROMOTION_LEVEL = 0.05

/** What a running release still needs, and what its traffic can find how soon: sentences, none where nothing is known. */
export function outlook({ spec, status }: Release): string[] {
  const { verdict, outcome } = status ?? {}
  const metric = verdict?.metrics.find(({ name }) => kindOf(spec, name) === 'requests') ?? verdict?.metrics[0]
  if (!verdict || !metric || outcome !== undefined) return []
  return [neededOf(metric), foreseen(spec, metric, verdict.weight, verdict.data.rowsUsed)].filter(Boolean)
}

const kindOf = ({ policy }: Release['spec'], name: string): string | undefined =>
  policy.metrics.find((declared) => declared.name === name)?.kind

function neededOf({ name, needed: { badToRollback, cleanRowsToPromote } }: MetricEvidence): string {
  const back =
    badToRollback == null || badToRollback === 0
      ? ''
      : `${integer(badToRollback)} bad canary ${badToRollback === 1 ? 'request' : 'requests'} (${name}) ` +
        `in the next interval ${badToRollback === 1 ? 'rolls' : 'roll'} back`
  const on =
    cleanRowsToPromote == null || cleanRowsToPromote === 0
      ? ''
      : `${integer(cleanRowsToPromote)} more good ${cleanRowsToPromote === 1 ? 'interval leads' : 'intervals lead'} on`
  const both = [back, on].filter(Boolean).join('; ')
  return both === '' ? '' : `Needed: ${both}.`
}

function foreseen({ policy }: Release['spec'], metric: MetricEvidence, weight: number, rows: number): string {
  const rps = (metric.n[0] + metric.n[1]) / (rows * policy.interval)
  if (!(rps > 0) || !(weight > 0 && weight < 100)) return ''
  if (metric.x[1] === 0) return 'Stable had nothing bad so far: how soon a worse canary is found cannot be told yet.'
  const { isConclusive, rollback } = planning(planningOf(policy, metric, rps, weight))
  if (!isConclusive) return `With ${rps.toPrecision(2)} requests/s nothing is decided within an hour.`
  const found = rollback.map(({ ratio, seconds }) => `${ratio} times as bad in about ${roughly(seconds)}`)
  return found.length === 0 ? '' : `At this traffic and weight a canary is found that is ${found.join(', ')}.`
}

function planningOf(
  policy: Policy,
  { name, omega, rate }: MetricEvidence,
  rps: number,
  weight: number,
): PlanningOptions {
  const isLatency = policy.metrics.some((metric) => metric.name === name && metric.kind === 'latency')
  const rho0 = isLatency ? policy.latencyToleratedRatio : policy.toleratedRatio
  return {
    rps,
    share: weight / 100,
    badShare: rate[1],
    alpha: policy.falseRollback,
    beta: PROMOTION_LEVEL,
    omega,
    rho0,
    rho: policy.promoteRatio,
    ratios: RATIOS.filter((ratio) => ratio > rho0),
  }
}

const roughly = (seconds: number): string =>
  seconds > DAY_SECONDS
    ? 'more than a day'
    : formatDuration((seconds < 120 ? Math.ceil(seconds) : Math.ceil(seconds / 60) * 60) * 1_000)
