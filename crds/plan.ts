import { parseDuration } from './duration.ts'
import { planOf } from './planner.ts'
import type { Policy, SecretKey } from './policy.ts'
import { policyOf } from './policy-compiler.ts'
import type { RolloutSpec } from './schema/rollout.ts'
import type { Fault, MatchRoute } from './traffic.ts'
import type { Window } from './windows.ts'

/** What a strategy compiles to: one flat list. Durations are milliseconds, weights percent. */
export type Plan = {
  steps: Step[]
  /** Clients stay with their revision by this cookie. */
  affinity?: { cookie: string; maxAgeMs: number }
  /** What served before comes back: without gates, hooks and pauses. */
  returns?: true
  /** Number of the release that a person leaves by it, to what served before. */
  leaves?: number
}

export type Step =
  | { kind: 'setWeight'; weight: number }
  | { kind: 'analyze'; forMs: number }
  /** Weights by evidence, from the ladder; its settings are `policy.ramp`. */
  | { kind: 'ramp'; ladder: number[] }
  /** The last weight of the plan, for so long, before the commit. */
  | { kind: 'bake'; forMs: number }
  | { kind: 'pause'; forMs?: number }
  | { kind: 'approve'; name: string; expiresAfterMs: number; terms?: GateTerms; callback?: Endpoint }
  /** Goes on only while one of these is open. */
  | { kind: 'window'; name: string; allow: Window[] }
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

/** Whose approvals open a gate, and how many of them; anybody's who may approve where it says nothing. */
export type GateTerms = {
  minimum: number
  /** Members of any of these. */
  groups?: string[]
  /** `namespace/name`; no other ServiceAccount counts. */
  serviceAccounts?: string[]
  /** Whoever wrote the commit does not count. */
  notBy?: 'author'
}

/** POST of a JSON body; any 2xx is success. `timeoutMs` bounds one attempt. */
export type Webhook = Endpoint & { timeoutMs: number; retries: number }

/** Who is asked over HTTP. */
export type Endpoint = {
  url: string
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

/**
 * As `compile`, for a revision that served before: straight to 100 %, watched there for as long as a bake lasts, or for
 * two intervals of the analysis where none is declared, and then stable again.
 */
export function compileReturn(spec: RolloutSpec): CompiledRelease {
  const way: Plan = { steps: [{ kind: 'setWeight', weight: 100 }], returns: true }
  const policy = policyOf(spec, way)
  const forMs = parseDuration(spec.bake.for) || 2_000 * policy.interval
  return { plan: { ...way, steps: [...way.steps, { kind: 'bake', forMs }] }, policy }
}
