import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow'
import type { RolloutRef } from '../activities/picture.ts'
import type { Action } from '../crds/decision.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Gate } from '../crds/vote.ts'
import { LOOK_SIGNAL, type CarriedDesk, type CarriedRelease, type ReleaseInput, type Word } from './contract.ts'
import { answer, writeAnswers } from './answers.ts'
import { hearWords, readAgain, type Unread } from './hearing.ts'

/** Where looks and human words arrive. Handlers only put things down here; the main loop owns every effect. */
export type Desk = Pick<CarriedDesk, 'inbox' | 'votes' | 'answers' | 'consumed'> & {
  ref: RolloutRef
  /** The controller said that something is to be seen. */
  looked: boolean
  /** Words that are being read. */
  unread: Unread[]
  /** What a person can speak about is known: words that were read before wait for it. */
  known: boolean
  /** The run is about to hand over: nobody waits for anything any more. */
  leaving: boolean
  /** Who paused, and why; undefined while nobody does. */
  paused?: string | undefined
  /** How often somebody said resume. */
  resumed: number
  /** What a person can speak about right now; undefined while there is nothing. */
  subject?: Subject | undefined
  /** What keeps it where it is, as a sentence. */
  obstacle?: () => string | undefined
}

export type Subject = {
  release: number
  revision: Revision
  gate?: Gate
  /** How it ended, in words; only `retry` and `rollback` speak about it then. */
  settled?: string
  /** A person said promote, and nothing holds it any more. */
  hurried?: true
  /** A pause of the plan waits for its end. */
  pausing?: true
  /** Somebody else's edit of the route holds it until a person says what shall be. */
  edited?: true
}

/** Call before the first await: an Update without a handler at the end of an activation is rejected. */
export function openDesk(input: ReleaseInput): Desk {
  const { release, desk: held } = input.carried ?? {}
  const desk: Desk = {
    ref: { namespace: input.namespace, name: input.name },
    looked: false,
    inbox: [...(held?.inbox ?? [])],
    unread: [...(held?.unread ?? [])],
    votes: [...(held?.votes ?? [])],
    answers: [...(held?.answers ?? [])],
    consumed: [...(held?.consumed ?? [])],
    known: release !== undefined,
    leaving: false,
    ...(release?.paused === undefined ? {} : { paused: release.paused }),
    resumed: 0,
    ...(release ? { subject: subjectOf(release) } : {}),
  }
  setHandler(defineSignal(LOOK_SIGNAL), () => {
    desk.looked = true
  })
  // A run that is cancelled goes back first, and hears and answers meanwhile.
  void CancellationScope.nonCancellable(() => Promise.all([writeAnswers(desk), readAgain(desk)]))
  hearWords(desk)
  return desk
}

/** A run that takes over goes on with what it was handed. */
export function speakAbout(desk: Desk, subject: Subject): void {
  const { release, revision } = desk.subject ?? {}
  if (release !== subject.release || revision !== subject.revision) desk.subject = subject
  desk.known = true
}

/** What the next run has to know of it. */
export const deskHeld = ({ inbox, unread, votes, answers, consumed }: Desk): CarriedDesk => ({
  inbox,
  unread: unread.map(({ name, uid }) => ({ name, uid })),
  votes,
  answers,
  consumed,
})

/** Takes the first word of one of these kinds out of the mailbox. What is taken has its effect. */
export function take(desk: Desk, ...actions: Action[]): Word | undefined {
  const index = desk.inbox.findIndex(({ action }) => actions.includes(action))
  const word = index < 0 ? undefined : desk.inbox.splice(index, 1)[0]
  if (word) answer(desk, word, 'Applied', `Release ${word.release}: ${word.action} by ${word.by}`)
  return word
}

/** True when a word of this kind waits. */
export const waits = (desk: Desk, ...actions: Action[]): boolean =>
  desk.inbox.some(({ action }) => actions.includes(action))

/** Words about a release count from the first moment of a run that takes it over. */
const subjectOf = ({ number, revision, gate, settled, override, ...carried }: CarriedRelease): Subject => ({
  release: number,
  revision,
  ...(gate === undefined ? {} : { gate }),
  ...(settled === undefined ? {} : { settled }),
  ...(override ? { hurried: true } : {}),
  ...(carried.pausing ? { pausing: true } : {}),
  ...(carried.edit === undefined ? {} : { edited: true }),
})
