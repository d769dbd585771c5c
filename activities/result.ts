import type { Explanation } from '../crds/verdict.ts'
import type { Record } from './record.ts'
import type { Hold, WatchInput, WatchResult } from './watch.ts'

/** Waiting for more of the same is not news; every other hold is. */
const QUIET_HOLDS = new Set(['notYet', 'clean'])

/** What a verdict means for the release. Undefined while there is nothing to do or to say that was not said before. */
export function resultOf(explanation: Explanation, input: WatchInput, record: Record): WatchResult | undefined {
  const acts = record.ledger().policy.mode === 'act'
  const ledgerHash = record.hash()
  // Pods that crash or are gone are no analysis, and an earlier verdict must not hide them.
  const deciding = acts ? explanation : record.verdictOnPods()
  const { verdict, reason, sentence } = deciding
  if (verdict === 'rollback' || verdict === 'retreat') return { kind: verdict, reason, sentence, ledgerHash }
  if (acts && verdict === 'advance') return { kind: 'advance', sentence, ledgerHash, ...wayOf(explanation, input) }
  const hold = acts ? holdOf(explanation, record) : (observed(explanation) ?? holdOf(explanation, record))
  if (hold?.reason === input.lastHold) return undefined
  return hold ? { kind: 'holdChanged', hold } : { kind: 'holdChanged' }
}

/** A ramp that is promoted at its deadline does not climb any further. */
function wayOf({ reason, ramp }: Explanation, { running }: WatchInput): { weight?: number | null } {
  if (running?.kind !== 'ramp') return {}
  return { weight: reason === 'deadlinePromote' ? null : (ramp?.next ?? null) }
}

function holdOf(explanation: Explanation, record: Record): Hold | undefined {
  const { reason, sentence, action } = explanation
  if (QUIET_HOLDS.has(reason)) return undefined
  const silent = record.silentFor(explanation)
  if (silent !== undefined) return { reason: 'dataDeadline', sentence: silent }
  return { reason, sentence, ...(action ? { replacePod: action.replacePod } : {}) }
}

/** `mode: observe`: a verdict that would have ended the release is told, and nothing else happens. */
function observed({ verdict, sentence }: Explanation): Hold | undefined {
  if (verdict !== 'rollback') return undefined
  return { reason: 'wouldRollBack', sentence: sentence.replace(/^Rolled back: /, 'Would have rolled back: ') }
}
