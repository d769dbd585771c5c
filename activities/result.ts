import type { Ledger } from '../analysis/index.ts'
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
  if (isHistory(input, record)) return undefined
  if (acts && verdict === 'advance') {
    if (isAboutBefore(input, record)) return undefined
    return { kind: 'advance', sentence, ledgerHash, ...wayOf(explanation, input) }
  }
  const hold = acts ? holdOf(explanation, record) : (observed(explanation) ?? holdOf(explanation, record))
  const isNews = !isKnown(hold, input.lastHold)
  if (!isNews && input.judgedFrom === undefined) return undefined
  if (!hold) return { kind: 'holdChanged' }
  // What is not news keeps the cause under which it is known.
  const cause = isNews ? hold.cause : (hold.cause ?? input.lastHold?.cause)
  return { kind: 'holdChanged', hold: { ...hold, ...(cause === undefined ? {} : { cause }) } }
}

/** Where nothing is known of the time since, a row from before it lets nothing move. */
const isHistory = ({ judgedFrom }: WatchInput, record: Record): boolean =>
  judgedFrom !== undefined && (record.ledger().rows.at(-1)?.t1 ?? 0) <= judgedFrom

/** A cause that is not known yet is no other cause. */
function isKnown(hold: Hold | undefined, last: WatchInput['lastHold']): boolean {
  if (hold?.reason !== last?.reason) return false
  return hold?.cause === undefined || hold.cause === last?.cause
}

/** What two rows one after the other give as the cause: causes that take turns are told once. */
function causeOf({ rows }: Ledger): string | undefined {
  const [before, last] = rows.slice(-2).map(({ missing }) => missing?.replace(/\d+/g, '0'))
  return before === last ? last : undefined
}

/** The row in which a ramp's weight rose still belongs to the rung before, which may not let it rise twice. */
function isAboutBefore({ running, marks }: WatchInput, record: Record): boolean {
  return running?.kind === 'ramp' && record.ledger().rows.at(-1)?.slot !== marks.at(-1)?.slot
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
  const cause = reason === 'noData' ? causeOf(record.ledger()) : undefined
  return {
    reason,
    sentence,
    ...(cause === undefined ? {} : { cause }),
    ...(action ? { replacePod: action.replacePod } : {}),
  }
}

/** `mode: observe`: a verdict that would have ended the release is told, and nothing else happens. */
function observed({ verdict, sentence }: Explanation): Hold | undefined {
  if (verdict !== 'rollback') return undefined
  return { reason: 'wouldRollBack', sentence: sentence.replace(/^Rolled back: /, 'Would have rolled back: ') }
}
