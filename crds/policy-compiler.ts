import { ANALYSIS_DEFAULTS, ERROR_BUDGET, LATENCY_TOLERATED_RATIO, STICKY_BURST } from './defaults.ts'
import { parseDuration } from './duration.ts'
import type { Plan } from './plan.ts'
import type { Metric, Policy } from './policy.ts'
import type { AnalysisSpec, RolloutSpec } from './schema/rollout.ts'

/**
 * How a release of this plan is judged. Without `spec.analysis` nothing is measured: the guard still sees crashes and
 * readiness, and the plan goes by clock. Throws a sentence that names the field.
 */
export function policyOf({ analysis: declared, strategy }: RolloutSpec, plan: Plan): Policy {
  const analysis = declared ?? { ...ANALYSIS_DEFAULTS, shadow: [] }
  const ramp = strategy.canary?.ramp
  return {
    mode: analysis.mode,
    interval: seconds(analysis.interval),
    ...(declared ? { prometheus: declared.prometheus } : {}),
    metrics: (declared?.metrics ?? []).map(metricOf),
    ...(declared?.slo === undefined ? {} : { slo: declared.slo / 100 }),
    falseRollback: analysis.falseRollback,
    toleratedRatio: analysis.toleratedRatio,
    latencyToleratedRatio: LATENCY_TOLERATED_RATIO,
    promoteRatio: analysis.promoteRatio,
    errorBudget: ramp?.errorBudget ?? ERROR_BUDGET,
    warmUp: seconds(analysis.warmUp),
    dataDeadline: seconds(analysis.dataDeadline),
    deadline: Math.min(seconds(analysis.deadline), ramp ? seconds(ramp.maxDuration) : Infinity),
    onInconclusive: analysis.onInconclusive,
    slots: slotsOf(plan) + 1,
    replaceLocalised: true,
    enforceSlo: analysis.enforceSlo,
    ...(ramp ? { ramp: { ladder: ramp.ladder, dwell: seconds(ramp.dwell) } } : {}),
    shadow: analysis.shadow,
    burst: declared?.burst ?? (plan.affinity ? STICKY_BURST : ANALYSIS_DEFAULTS.burst),
    ...(plan.affinity ? { sticky: true } : {}),
  }
}

/** J of analysis.md 3.2: one restart slot per weight, fixed when the release begins; one more for a pod that is replaced. */
const slotsOf = ({ steps }: Plan): number =>
  Math.max(
    1,
    steps.reduce(
      (sum, step) =>
        sum + (step.kind === 'setWeight' || step.kind === 'abTest' ? 1 : step.kind === 'ramp' ? step.ladder.length : 0),
      0,
    ),
  )

function metricOf({
  name,
  requests,
  latency,
  counters,
  conversion,
  ...gauge
}: AnalysisSpec['metrics'][number]): Metric {
  if (requests) return { name, kind: 'requests' }
  if (latency) return { name, kind: 'latency', slowerThanMs: parseDuration(latency.slowerThan) }
  if (counters) return { name, kind: 'counters', ...counters }
  if (conversion) return { name, kind: 'conversion', ...conversion }
  const { query, advisory, ...bounds } = gauge
  if (query) return { name, kind: 'gauge', query, bounds, advisory }
  throw new Error(`spec.analysis.metrics ${name} is none of requests, latency, counters, conversion and query`)
}

const seconds = (duration: string): number => parseDuration(duration) / 1_000
