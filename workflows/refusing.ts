import type { Action } from '../crds/decision.ts'
import { whyNoVote } from '../crds/vote.ts'
import type { Word } from './contract.ts'
import type { Desk, Subject } from './desk.ts'

/** What can be said about a release that is over, and how it has to have ended. */
const CURES: Partial<Record<Action, string[]>> = { retry: ['rolled back', 'aborted'], rollback: ['promoted'] }

/** What nobody needs any more once a person said promote. */
const HURRYING: readonly Action[] = ['promote', 'step', 'pause']

/** A person paused it, the plan does, or an edit of the route holds it: whatever else it waits for, resume does not end. */
const isResumable = ({ paused, subject }: Pick<Desk, 'paused' | 'subject'>): boolean =>
  paused !== undefined || subject?.pausing === true || subject?.edited === true

/** Why a word comes too early, too late, or is about something else, as a sentence; undefined when it counts. */
export function whyRefused(desk: Desk, word: Word): string | undefined {
  const { subject } = desk
  const { action, rollout, release, revision } = word
  if (!subject) return `no release of ${rollout} is under way: there is nothing to ${action}`
  if (action === 'eject') return 'eject is no word about a release; use `sluice eject`'
  if (release !== subject.release || revision !== subject.revision) {
    const state = subject.settled === undefined ? 'is under way' : 'is the last one'
    return `you answer release ${release} (revision ${revision}), but release ${subject.release} (revision ${subject.revision}) ${state}: look again`
  }
  return subject.settled === undefined ? whyNotNow(desk, subject, word) : whyTooLate(desk, subject, word)
}

function whyTooLate({ inbox }: Desk, { release, settled }: Subject, { action }: Word): string | undefined {
  if (!(CURES[action] ?? []).includes(settled ?? ''))
    return `release ${release} is ${settled} already: there is nothing to ${action}`
  const first = inbox.find((word) => word.action === 'retry' || word.action === 'rollback')
  return first && `${first.by} said ${first.action} before`
}

function whyNotNow(desk: Desk, { release, gate, hurried }: Subject, word: Word): string | undefined {
  const { action } = word
  if (action === 'retry') return `release ${release} is under way: there is nothing to retry`
  if (hurried && HURRYING.includes(action))
    return `a person said promote before: release ${release} is no longer held, abort is what stops it`
  if (desk.paused !== undefined && (action === 'promote' || action === 'step'))
    return `release ${release} is paused by ${desk.paused}: say resume first`
  if (action === 'resume' && !isResumable(desk))
    return `release ${release} is not paused: there is nothing to resume. ${desk.obstacle?.() ?? ''}`.trimEnd()
  if (action !== 'approve' && action !== 'reject') return undefined
  if (!gate) return `no gate of release ${release} is open: there is nothing to ${action}`
  if (word.gate !== gate.name) return `gate ${word.gate ?? '(none named)'} is not open; gate ${gate.name} is`
  return action === 'approve' ? whyNoVote(gate, desk.votes, word) : undefined
}
