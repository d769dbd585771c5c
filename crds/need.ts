import { findCondition } from './conditions.ts'
import type { Action } from './decision.ts'
import type { RolloutStatus } from './schema/rollout.ts'
import type { HoldReason } from './verdict.ts'

/** What a person has to do before anything goes on. */
export type Need = 'approve' | 'resume' | 'decide' | 'repair'

/** Why a release stands still although its evidence does not say so. */
type Standstill =
  /** Nothing was heard for `analysis.dataDeadline`. */
  | 'dataDeadline'
  /** What was before the first weight cannot be looked at. */
  | 'noBaseline'
  | 'foreignEdit'
  | 'gateExpired'
  | 'routeGone'
  | 'retreated'
  /** The run that took over has seen no request yet. */
  | 'unjudged'
  /** A pause of the plan that ends by itself. */
  | 'pausing'
  /** One that does not. */
  | 'untilResumed'

/** Nothing where the release goes on by itself when it knows more. */
const ASKS: Record<HoldReason | Standstill, Need | undefined> = {
  notYet: undefined,
  noData: undefined,
  localised: undefined,
  retreated: undefined,
  unjudged: undefined,
  pausing: undefined,
  noBaseline: 'decide',
  dataDeadline: 'decide',
  splitMismatch: 'decide',
  baselineBurning: 'decide',
  tooManySeries: 'decide',
  inconclusive: 'decide',
  foreignEdit: 'decide',
  gateExpired: 'decide',
  routeGone: 'repair',
  untilResumed: 'resume',
}

/** What somebody has to do about a word of `status.hold`. */
export const asksOf = (hold = ''): Need | undefined => (ASKS as Record<string, Need | undefined>)[hold]

/** What stops the engine, and what stays of a release that went back. Who aborted has decided already. */
const STALLS: Record<string, Need | undefined> = {
  InvalidSpec: 'repair',
  EngineUnavailable: 'repair',
  EngineStuck: 'repair',
  AnalysisFailed: 'decide',
}

/** Undefined while the engine goes on by itself, or nothing runs. */
export function needOf(status: RolloutStatus = {}): Need | undefined {
  const { conditions, pausedBy, hold, gate } = status
  const phase = findCondition(conditions, 'Ready')?.reason
  if (phase === 'RollbackBlocked') return 'repair'
  const stalled = findCondition(conditions, 'Stalled')
  if (stalled) return STALLS[stalled.reason]
  if (pausedBy !== undefined || phase === 'Suspended') return 'resume'
  return asksOf(hold) ?? (gate === undefined ? undefined : 'approve')
}

/** What is known of a Rollout by whoever asks what can be said about it. `phase`: the stall, or the reason of Ready. */
export type Standing = Pick<RolloutStatus, 'canary' | 'stable' | 'gate' | 'pausedBy' | 'hold'> & {
  phase: string
  need?: Need | undefined
}

/** `first` is what is waited for, `more` what is possible besides. */
export type Deeds = { first: Action[]; more: Action[] }

/** What a person can say now, as far as the status tells; the engine decides what counts. */
export function deedsAt(standing: Standing): Deeds {
  const { phase, canary } = standing
  if (canary === undefined) return { first: [], more: AFTERWARDS[phase] ?? [] }
  if (GOING_BACK.has(phase)) return { first: [], more: [] }
  const first = askedFor(standing)
  return { first, more: possible(standing, first).filter((action) => !first.includes(action)) }
}

const AFTERWARDS: Record<string, Action[]> = { RolledBack: ['retry'], Aborted: ['retry'], Promoted: ['rollback'] }
/** Nothing that a person can say would make it any faster. */
const GOING_BACK: ReadonlySet<string> = new Set(['RollingBack', 'RollbackBlocked', 'HandingBack'])
/** Only what stopped it lets it go on. */
const STOPPED: ReadonlySet<string> = new Set(['Suspended', 'Frozen', 'Queued'])
const ENGINE_AWAY: ReadonlySet<string> = new Set(['EngineStuck', 'EngineUnavailable'])

function askedFor({ phase, need, gate, pausedBy, hold }: Standing): Action[] {
  const answers: Action[] = gate === undefined ? [] : ['approve', 'reject']
  if (pausedBy !== undefined) return ['resume', ...(gate === undefined ? (['abort'] as const) : answers)]
  if (hold === 'untilResumed' || hold === 'foreignEdit') return ['resume', 'abort']
  if (need === 'decide') return ['abort', 'promote', ...answers]
  if (gate !== undefined) return answers
  return phase === 'Holding' && need === undefined ? ['abort', 'promote'] : []
}

/** An abort is heard whatever the release waits for. */
function possible({ phase, stable, pausedBy, hold }: Standing, first: Action[]): Action[] {
  const isFirstEver = stable === undefined
  if (isFirstEver || STOPPED.has(phase) || ENGINE_AWAY.has(phase) || pausedBy !== undefined || hold === 'routeGone')
    return ['abort']
  if (hold === 'pausing') return ['resume', 'promote', 'abort']
  if (first.includes('resume')) return ['promote', 'abort']
  return first.length > 0 ? ['pause', 'promote', 'abort'] : ['pause', 'step', 'promote', 'abort']
}
