import { ANALYSIS_DEFAULTS, ERROR_BUDGET, LATENCY_TOLERATED_RATIO } from './defaults.ts'
import { parseDuration } from './duration.ts'
import type { Metric, Policy } from './policy.ts'
import type { AnalysisSpec, RolloutSpec, StepSpec } from './schema/rollout.ts'

/** What a strategy compiles to: one flat list. Durations are milliseconds, weights percent. */
export type Plan = { steps: Step[]; bake?: { forMs: number; holdBack: number } }

export type Step =
  | { kind: 'setWeight'; weight: number }
  | { kind: 'analyze'; forMs: number }
  | { kind: 'pause'; forMs?: number }
  | { kind: 'approve'; name: string; expiresAfterMs: number }

export type CompiledRelease = { plan: Plan; policy: Policy }

/**
 * Pure: the same spec gives the same plan on every machine. Takes a spec with the API server's defaults. Throws a
 * sentence that names the field for what admission refuses too, because objects may be older than the rules.
 */
export function compile(spec: RolloutSpec): CompiledRelease {
  const plan = planOf(spec)
  return { plan, policy: policyOf(spec.analysis, plan) }
}

function planOf({ strategy, bake }: RolloutSpec): Plan {
  const steps = strategy.canary?.steps
  if (!steps) throw new Error('spec.strategy.canary.steps is missing; no other strategy is supported yet')
  const forMs = parseDuration(bake.for)
  return { steps: steps.map(stepOf), ...(forMs > 0 ? { bake: { forMs, holdBack: bake.holdBack } } : {}) }
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
function policyOf(declared: AnalysisSpec | undefined, plan: Plan): Policy {
  const analysis = declared ?? ANALYSIS_DEFAULTS
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
    errorBudget: ERROR_BUDGET,
    warmUp: seconds(analysis.warmUp),
    dataDeadline: seconds(analysis.dataDeadline),
    deadline: seconds(analysis.deadline),
    onInconclusive: analysis.onInconclusive,
    slots: slotsOf(plan),
    burst: analysis.burst,
  }
}

/** J of analysis.md 3.2: one restart slot per weight, fixed when the release begins. */
const slotsOf = (plan: Plan): number => Math.max(1, plan.steps.filter((step) => step.kind === 'setWeight').length)

function metricOf({ name, requests, latency }: AnalysisSpec['metrics'][number]): Metric {
  if (requests) return { name, kind: 'requests' }
  if (latency) return { name, kind: 'latency', slowerThanMs: parseDuration(latency.slowerThan) }
  throw new Error(`spec.analysis.metrics ${name} is neither requests nor latency; other metrics are not supported yet`)
}

const seconds = (duration: string): number => parseDuration(duration) / 1_000
