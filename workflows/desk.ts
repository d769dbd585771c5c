import { currentUpdateInfo, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow'
import type { Action } from '../crds/decision.ts'
import type { Revision } from '../crds/traffic.ts'
import {
  DECIDE_UPDATE,
  LOOK_SIGNAL,
  type CarriedRelease,
  type DecideInput,
  type DecideResult,
  type ReleaseInput,
} from './contract.ts'

const SUPPORTED: Action[] = ['approve', 'reject', 'promote', 'step', 'abort', 'pause', 'resume']

/** Where looks and human words arrive. Handlers only put things down here; the main loop owns every effect. */
export type Desk = {
  /** The controller said that something is to be seen. */
  looked: boolean
  inbox: DecideInput[]
  consumed: string[]
  /** Who paused, and why; undefined while nobody does. */
  paused?: string | undefined
  /** How often somebody said resume. */
  resumed: number
  /** What a person can speak about right now; undefined while no release is under way. */
  subject?: { release: number; revision: Revision; gate?: string; settled?: string } | undefined
}

/** Call before the first await: an Update without a handler at the end of an activation is rejected. */
export function openDesk(input: ReleaseInput): Desk {
  const carried = input.carried?.release
  const desk: Desk = {
    looked: false,
    inbox: [...(carried?.mailbox ?? [])],
    consumed: [...(input.carried?.consumed ?? [])],
    ...(carried?.paused === undefined ? {} : { paused: carried.paused }),
    resumed: 0,
    ...(carried ? { subject: subjectOf(carried) } : {}),
  }
  setHandler(defineSignal(LOOK_SIGNAL), () => {
    desk.looked = true
  })
  setHandler(defineUpdate<DecideResult, [DecideInput]>(DECIDE_UPDATE), (decision) => accept(desk, decision), {
    validator: (decision) => validate(desk, decision),
  })
  return desk
}

/** Takes the first word of one of these kinds out of the mailbox. */
export function take(desk: Desk, ...actions: Action[]): DecideInput | undefined {
  const index = desk.inbox.findIndex((decision) => actions.includes(decision.action))
  return index < 0 ? undefined : desk.inbox.splice(index, 1)[0]
}

/** Takes every approval of a gate out of the mailbox, and gives the first: a second one must not open the gate again. */
export function takeApproval(desk: Desk, gate: string): DecideInput | undefined {
  const isOfGate = (word: DecideInput): boolean => word.action === 'approve' && word.gate === gate
  const first = desk.inbox.find(isOfGate)
  desk.inbox = desk.inbox.filter((word) => !isOfGate(word))
  return first
}

/** Abort > pause > promote: true when a word of this kind waits. */
export const waits = (desk: Desk, ...actions: Action[]): boolean =>
  desk.inbox.some((decision) => actions.includes(decision.action))

/** Words about a release count from the first moment of a run that takes it over. */
const subjectOf = ({ number, revision, gate, settled }: CarriedRelease): Desk['subject'] => ({
  release: number,
  revision,
  ...(gate === undefined ? {} : { gate }),
  ...(settled === undefined ? {} : { settled }),
})

const who = ({ by, reason }: DecideInput): string => `${by}${reason ? ` (${reason})` : ''}`

function accept(desk: Desk, decision: DecideInput): DecideResult {
  const id = currentUpdateInfo()?.id
  if (id !== undefined && desk.consumed.includes(id)) return { message: 'this decision was taken before' }
  if (id !== undefined) desk.consumed.push(id)
  if (decision.action === 'resume') desk.resumed += 1
  if (decision.action === 'pause') desk.paused = who(decision)
  else if (decision.action === 'resume') desk.paused = undefined
  else desk.inbox.push(decision)
  return { message: `${decision.action} of release ${decision.release} by ${decision.by} taken` }
}

/** Synchronous: an asynchronous validator would fail the workflow task for ever. Throwing refuses the word without a trace in the history. */
function validate(desk: Desk, decision: DecideInput): void {
  const { subject } = desk
  if (!SUPPORTED.includes(decision.action)) throw new Error(`${decision.action} is not yet supported`)
  if (!subject)
    throw new Error(`no release of ${decision.rollout} is under way: there is nothing to ${decision.action}`)
  if (subject.settled)
    throw new Error(`release ${subject.release} is ${subject.settled} already: there is nothing to ${decision.action}`)
  if (decision.release !== subject.release || decision.revision !== subject.revision) {
    throw new Error(
      `you answer release ${decision.release} (revision ${decision.revision}), but release ${subject.release} (revision ${subject.revision}) is under way: look again`,
    )
  }
  if (decision.action !== 'approve' && decision.action !== 'reject') return
  if (subject.gate === undefined)
    throw new Error(`no gate of release ${subject.release} is open: there is nothing to ${decision.action}`)
  if (decision.gate !== subject.gate)
    throw new Error(`gate ${decision.gate ?? '(none named)'} is not open; gate ${subject.gate} is`)
}
