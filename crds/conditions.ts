import { isRejected, type Outcome } from './outcome.ts'
import type { Condition, RolloutStatus } from './schema/rollout.ts'

/** Where a Rollout is, in one word: the reason of Ready, and what `kubectl get` shows as Status. */
export type Phase = RunningPhase | Outcome
export type RunningPhase =
  | 'Progressing'
  | 'Analysing'
  | 'AwaitingApproval'
  | 'Paused'
  | 'Suspended'
  | 'Frozen'
  | 'Queued'
  | 'Holding'
  | 'RollingBack'
  | 'RollbackBlocked'
  | 'HandingBack'

/** Why nothing goes on until somebody does something. */
export type Stall = 'InvalidSpec' | 'EngineUnavailable' | 'EngineStuck' | 'AnalysisFailed' | 'Aborted'

type Saying = {
  /** The cause as a sentence. */
  message: string
  /** metadata.generation this is said about. */
  generation: number
  /** Epoch milliseconds. */
  at: number
  /** The conditions as they stand; a condition whose status stays keeps its lastTransitionTime. */
  previous?: Condition[] | undefined
}

/**
 * Ready, and Reconciling while a release runs: the whole set of the field manager `sluice-release`. kstatus reads
 * running as InProgress, a rejected revision as Failed (by the controller's Stalled), the rest as Current.
 */
export function releaseConditions(state: Saying & { phase: Phase }): Condition[] {
  const { ready, reconciling } = MEANING[state.phase]
  const reason = state.phase === 'RolledBack' ? 'AnalysisFailed' : state.phase
  const readyCondition = conditionOf('Ready', ready, reason, state)
  return reconciling ? [readyCondition, conditionOf('Reconciling', 'True', reason, state)] : [readyCondition]
}

/** Stalled, only while true: the whole set of the field manager `sluice-controller`. */
export const stalledConditions = (state: Saying & { stall: Stall | undefined }): Condition[] =>
  state.stall ? [conditionOf('Stalled', 'True', state.stall, state)] : []

/** The stall that a rejected release leaves behind: it ends when another revision is declared, or by `retry`. */
export function stallAfter(last: RolloutStatus['lastRelease'], declaredRevision: string): Stall | undefined {
  if (!last || !isRejected(last) || last.revision !== declaredRevision) return undefined
  return last.outcome === 'RolledBack' ? 'AnalysisFailed' : 'Aborted'
}

/** A condition whose status stays keeps its lastTransitionTime. */
export function conditionOf(type: string, status: Condition['status'], reason: string, saying: Saying): Condition {
  const before = saying.previous?.find((each) => each.type === type)
  return {
    type,
    status,
    observedGeneration: saying.generation,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(saying.at),
    reason,
    message: saying.message,
  }
}

export const findCondition = (
  conditions: Condition[] | undefined,
  type: 'Ready' | 'Reconciling' | 'Stalled',
): Condition | undefined => conditions?.find((each) => each.type === type)

const RUNNING = { ready: 'Unknown', reconciling: true } as const
const SETTLED = { ready: 'True', reconciling: false } as const
const REJECTED = { ready: 'False', reconciling: false } as const

const MEANING: Record<Phase, { ready: Condition['status']; reconciling: boolean }> = {
  Progressing: RUNNING,
  Analysing: RUNNING,
  AwaitingApproval: RUNNING,
  Paused: RUNNING,
  Suspended: RUNNING,
  Frozen: RUNNING,
  Queued: RUNNING,
  Holding: RUNNING,
  RollingBack: RUNNING,
  RollbackBlocked: RUNNING,
  HandingBack: RUNNING,
  // The newer revision is next.
  Superseded: RUNNING,
  Promoted: SETTLED,
  // What is declared is what serves.
  Withdrawn: SETTLED,
  RolledBack: REJECTED,
  Aborted: REJECTED,
}

/** Kubernetes times have whole seconds. */
const timestamp = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')
