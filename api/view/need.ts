import { findCondition } from '../../crds/conditions.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import type { Need } from '../views.ts'

/** What a person has to do before anything goes on; undefined while the engine goes on by itself, or nothing runs. */
export function needOf({ status = {} }: Rollout, release: Release | undefined): Need | undefined {
  const stalled = findCondition(status.conditions, 'Stalled')
  if (stalled) return STALLS[stalled.reason]
  const ready = findCondition(status.conditions, 'Ready')
  switch (ready?.reason) {
    case 'RollbackBlocked':
      return 'repair'
    case 'AwaitingApproval':
      return 'approve'
    case 'Suspended':
      return 'resume'
    case 'Paused':
      return isEndless(release) ? 'resume' : undefined
    case 'Holding':
      return needWhileHolding(status.message ?? ready.message, release)
    case 'Analysing':
      return release?.status?.verdict?.reason === 'inconclusive' ? 'decide' : undefined
    default:
      return undefined
  }
}

const STALLS: Record<string, Need | undefined> = {
  InvalidSpec: 'repair',
  EngineUnavailable: 'repair',
  EngineStuck: 'repair',
  AnalysisFailed: 'decide',
  // Somebody has decided already.
  Aborted: undefined,
}

/** A pause with a duration ends by itself. */
function isEndless(release: Release | undefined): boolean {
  const step = release?.spec.plan.steps[release.status?.stepIndex ?? 0]
  return step?.kind === 'pause' && step.forMs === undefined
}

/** What the analysis holds for, it also ends when it knows more; everything else says in its sentence what it waits for. */
function needWhileHolding(message: string, release: Release | undefined): Need | undefined {
  const verdict = release?.status?.verdict
  if (verdict?.verdict === 'hold' && verdict.sentence === message) return undefined
  return /\bresume\b/.test(message) && !/\bpromote\b/.test(message) ? 'resume' : 'decide'
}
