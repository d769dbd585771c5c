import { ANALYSIS_DEFAULTS, ERROR_BUDGET, LATENCY_TOLERATED_RATIO } from './defaults.ts'
import { parseDuration } from './duration.ts'
import type { Metric, Policy, SecretKey } from './policy.ts'
import type { AnalysisSpec, RolloutSpec, StepSpec } from './schema/rollout.ts'
import type { Fault, MatchRoute } from './traffic.ts'

/** What a strategy compiles to: one flat list. Durations are milliseconds, weights percent. */
export type Plan = {
  steps: Step[]
  /** Clients stay with their revision by this cookie. */
  affinity?: { cookie: string; maxAgeMs: number }
}

export type Step =
  | { kind: 'setWeight'; weight: number }
  | { kind: 'analyze'; forMs: number }
  /** Weights by evidence, from the ladder; its settings are `policy.ramp`. */
  | { kind: 'ramp'; ladder: number[] }
  /** The last weight of the plan, for so long, before the commit. */
  | { kind: 'bake'; forMs: number }
  | { kind: 'pause'; forMs?: number }
  | { kind: 'approve'; name: string; expiresAfterMs: number }
  /** So many percent of the replicas are ready, whatever the weight. */
  | { kind: 'scale'; percent: number }
  /** The new revision answers under a host of its own from here to the end of the release. */
  | { kind: 'preview'; host: string }
  /** Copies of requests go to the new revision: for so long, or to the end of the release. */
  | { kind: 'mirror'; percent: number; forMs?: number }
  /** From here to the end of the release, or to the next `match`, the cohort goes to the new revision. */
  | { kind: 'match'; cohort: MatchRoute[] }
  /** For so long, in the cohort of the `match` before it. */
  | { kind: 'fault'; fault: Fault; forMs: number }
  | ({ kind: 'webhook' } & Webhook)
  | ({ kind: 'job' } & JobRun)
  | ({ kind: 'abTest' } & AbTest)

/** POST of a JSON body; any 2xx is success. `timeoutMs` bounds one attempt. */
export type Webhook = {
  url: string
  timeoutMs: number
  retries: number
  bearerToken?: SecretKey
  headers?: { name: string; value: SecretKey }[]
  /** PEM certificates that are trusted instead of the system's. */
  caBundle?: SecretKey
}

/** A Kubernetes Job from this pod template; its exit code decides. */
export type JobRun = { template: Record<string, unknown>; timeoutMs: number }

/** A: stable, B: the new revision. Users of the cohort (all, where there is none) are split and stay where they are. */
export type AbTest = {
  cohort?: MatchRoute[]
  /** Percent of them that see B. */
  percent: number
  /** Name of the metric of kind `conversion` that decides. */
  metric?: string
  maxDurationMs: number
  /** What happens when the time is over and nothing was decided, or nobody counts. */
  then: 'keep-a' | 'take-b' | 'ask'
}

export type CompiledRelease = { plan: Plan; policy: Policy }

/**
 * Pure: the same spec gives the same plan on every machine. Takes a spec with the API server's defaults. Throws a
 * sentence that names the field for what admission refuses too, because objects may be older than the rules.
 */
export function compile(spec: RolloutSpec): CompiledRelease {
  const plan = planOf(spec)
  return { plan, policy: policyOf(spec, plan) }
}

function planOf({ strategy, bake }: RolloutSpec): Plan {
  const { steps, ramp } = strategy.canary ?? {}
  if (!steps && !ramp) throw new Error('spec.strategy.canary is missing; no other strategy is supported yet')
  const way: Step[] = ramp ? [{ kind: 'ramp', ladder: ramp.ladder }] : (steps ?? []).map(stepOf)
  const forMs = parseDuration(bake.for)
  if (forMs === 0) return { steps: way }
  return { steps: [...way, { kind: 'setWeight', weight: 100 - bake.holdBack }, { kind: 'bake', forMs }] }
}

function stepOf(step: StepSpec, index: number): Step {
  if (step.setWeight !== undefined) return { kind: 'setWeight', weight: step.setWeight }
  if (step.analyze) return { kind: 'analyze', forMs: parseDuration(step.analyze.for) }
  if (step.pause) return { kind: 'pause', ...(step.pause.for ? { forMs: parseDuration(step.pause.for) } : {}) }
  if (step.approve) {
    return { kind: 'approve', name: step.approve.name, expiresAfterMs: parseDuration(step.approve.expiresAfter) }
  }
  throw new Error(`spec.strategy.canary.steps[${index}] is none of setWeight, analyze, pause and approve`)
}

/** Without `spec.analysis` nothing is measured: the guard still sees crashes and readiness, and the plan goes by clock. */
function policyOf({ analysis: declared, strategy }: RolloutSpec, plan: Plan): Policy {
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
    burst: analysis.burst,
  }
}

/** J of analysis.md 3.2: one restart slot per weight, fixed when the release begins; one more for a pod that is replaced. */
const slotsOf = ({ steps }: Plan): number =>
  Math.max(
    1,
    steps.reduce(
      (sum, step) => sum + (step.kind === 'setWeight' ? 1 : step.kind === 'ramp' ? step.ladder.length : 0),
      0,
    ),
  )

function metricOf({ name, requests, latency, counters, ...gauge }: AnalysisSpec['metrics'][number]): Metric {
  if (requests) return { name, kind: 'requests' }
  if (latency) return { name, kind: 'latency', slowerThanMs: parseDuration(latency.slowerThan) }
  if (counters) return { name, kind: 'counters', ...counters }
  const { query, advisory, ...bounds } = gauge
  if (query) return { name, kind: 'gauge', query, bounds, advisory }
  throw new Error(`spec.analysis.metrics ${name} is none of requests, latency, counters and query`)
}

const seconds = (duration: string): number => parseDuration(duration) / 1_000
