import type { ReleasePage, RolloutView } from '../../api/views.ts'
import type { Action } from '../../crds/decision.ts'
import { deedsAt } from '../../crds/need.ts'
import { sentence } from './figures.ts'

/** What a decision is about. */
export type Subject = { namespace: string; name: string; release: number; revision: string; gate?: string | undefined }

/** Something a person may do, in words. */
export type Deed = {
  action: Action
  verb: string
  tone: 'good' | 'bad' | 'plain'
  title: (subject: Subject) => string
  effect: (subject: Subject) => string
  right: (subject: Subject) => string
}

export const DEEDS: Record<Exclude<Action, 'eject'>, Deed> = {
  approve: deed('approve', 'Approve', 'good', {
    title: ({ gate, name }) => `Approve gate ${gate ?? ''} of ${name}?`,
    effect: () => 'The release goes on with its next step, and is watched as before.',
  }),
  reject: deed('reject', 'Reject', 'bad', {
    title: ({ gate, name }) => `Reject ${name} at gate ${gate ?? ''}?`,
    effect: () => 'All of the traffic goes back to stable, and this revision is not tried again by itself.',
  }),
  promote: deed('promote', 'Promote', 'good', {
    title: ({ name }) => `Promote ${name} at once?`,
    effect: () =>
      'The new revision gets all of the traffic: remaining steps, gates and holds are passed over. It is still watched.',
  }),
  step: deed('step', 'Step', 'plain', {
    title: ({ name }) => `Take the next step of ${name} now?`,
    effect: () => 'The current step ends without waiting for its time or its evidence.',
  }),
  abort: deed('abort', 'Abort', 'bad', {
    title: ({ name }) => `Abort the release of ${name}?`,
    effect: () => 'All of the traffic goes back to stable, and this revision is not tried again by itself.',
  }),
  pause: deed('pause', 'Pause', 'plain', {
    title: ({ name }) => `Pause the release of ${name}?`,
    effect: () => 'It stays at its weight until somebody resumes it. It is still watched, and goes back if it is bad.',
  }),
  resume: deed('resume', 'Resume', 'good', {
    title: ({ name }) => `Resume the release of ${name}?`,
    effect: () => 'It goes on where it stopped.',
  }),
  retry: deed('retry', 'Retry', 'plain', {
    title: ({ name }) => `Try this revision of ${name} again?`,
    effect: () => 'A new release of the same revision begins with the first step.',
  }),
  rollback: deed('rollback', 'Roll back', 'bad', {
    title: ({ name }) => `Roll ${name} back to the revision before this one?`,
    effect: () => 'The revision before serves again. Git still declares this one: change it there, too.',
  }),
}

/** What can be done now: `first` is what is waited for, `more` what is possible besides. */
export function deedsFor(rollout: RolloutView): { first: Deed[]; more: Deed[] } {
  const { first, more } = deedsAt(rollout)
  return { first: first.flatMap(deedOf), more: more.flatMap(deedOf) }
}

const deedOf = (action: Action): Deed[] => (action === 'eject' ? [] : [DEEDS[action]])

/** Undefined where no release is known that a decision could name. */
export function subjectOf({ rollout, release }: Pick<ReleasePage, 'rollout' | 'release'>): Subject | undefined {
  const number = rollout.release ?? release?.number
  const revision = release?.number === number ? release?.revision : rollout.canary
  if (number === undefined || revision === undefined) return undefined
  return { namespace: rollout.namespace, name: rollout.name, release: number, revision, gate: rollout.gate }
}

/** What a person has to do now, as a sentence. */
export function todoOf({ rollout, may, whyNot }: Pick<ReleasePage, 'rollout' | 'may' | 'whyNot'>): string {
  const { phase, need, gate, message, pausedBy, hold } = rollout
  if (phase in STALLED) return stalled(rollout)
  if (pausedBy !== undefined)
    return `It is paused by ${pausedBy}. Resume it, or abort it.${gate ? ` ${AT_A_GATE}` : ''}`
  if (need === 'approve' && may.approve === false)
    return `Nothing: gate ${gate} waits for somebody who may approve here.`
  if (need === 'approve' && whyNot !== undefined) return `Nothing: ${sentence(whyNot)}`
  if (need === 'approve') return `Gate ${gate} waits for an answer: approve, and it goes on; reject, and it goes back.`
  const byPhase = BY_PHASE[phase]
  if (byPhase !== undefined) return byPhase
  if (hold === 'foreignEdit') return 'Look at the route. Resume puts it back, promote goes to 100 %, abort goes back.'
  if (need === 'resume') return 'It is paused. Resume it, or abort it.'
  if (need === 'decide') return 'It cannot decide by itself. Look at the evidence, then decide.'
  if (phase === 'Analysing') return RUNS_BY_ITSELF
  if (phase === 'Holding') return 'Nothing, if you can wait: it goes on or back by itself as soon as it knows more.'
  if (phase === 'Paused') return 'Nothing. The pause ends by itself.'
  return need === 'repair' ? repair(message) : 'Nothing.'
}

/** What the release that is under way makes of it, too. */
const stalled = ({ phase, message, canary }: RolloutView): string =>
  `${STALLED[phase] ?? repair(message)}${canary === undefined ? '' : ` ${MEANWHILE[phase] ?? ENGINE_AWAY}`}`

const repair = (message: string): string => `Something has to be repaired: ${sentence(message)}`

const AT_A_GATE = 'Its gate can be answered meanwhile.'
const RUNS_BY_ITSELF = 'Nothing. It goes on by itself, and goes back by itself if it is bad.'
const STABLE_SERVES = 'Nothing is broken: stable serves. Declare a better revision, or retry this one.'
const ENGINE_AWAY =
  'Abort is heard as soon as the engine moves again; sluice rollback --direct takes the traffic back without it.'

/** In words of their own, where the condition is not enough. */
const STALLED: Record<string, string | undefined> = {
  InvalidSpec: 'What is declared cannot be released. Change it in Git.',
  EngineStuck: undefined,
  EngineUnavailable: undefined,
}

const MEANWHILE: Record<string, string> = { InvalidSpec: 'The release that is under way goes on, and can be aborted.' }

const BY_PHASE: Record<string, string> = {
  Progressing: RUNS_BY_ITSELF,
  Suspended: 'Nothing goes forward until spec.suspend is taken away in Git.',
  Frozen: 'Nothing goes forward until the freeze is over; a bad version still goes back.',
  Queued: 'Nothing. It begins when another release has ended.',
  RolledBack: STABLE_SERVES,
  Aborted: STABLE_SERVES,
  RollbackBlocked: 'Traffic cannot be taken back. Repair what the sentence names, or use sluice rollback --direct.',
}

type Words = Pick<Deed, 'title' | 'effect'>

function deed(action: Action, verb: string, tone: Deed['tone'], words: Words): Deed {
  const right = ({ namespace }: Subject) =>
    `As far as is known you may not: it takes the right create on rollouts/${action} in namespace ${namespace}. The API server decides when you send it.`
  return { action, verb, tone, right, ...words }
}
