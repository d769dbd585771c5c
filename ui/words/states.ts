import type { Need } from '../../crds/need.ts'

export type Tone = 'good' | 'bad' | 'wait' | 'run' | 'rest'
export type Sign = 'check' | 'cross' | 'person' | 'pause' | 'flow' | 'scale' | 'back' | 'alert' | 'dash' | 'hold'
/** A state is a word, an icon and a colour; the word alone says everything. */
export type Mood = { word: string; tone: Tone; sign: Sign }

/** Unknown phases are shown as they are called: an older page may meet a newer engine. */
export const moodOf = (phase: string): Mood => MOODS[phase] ?? { word: spaced(phase), tone: 'run', sign: 'flow' }

/** Whether a release is under way: what moves is shown above what rests. */
export const isMoving = (phase: string): boolean => ['run', 'wait'].includes(moodOf(phase).tone)

/** What a person has to do, as an imperative. */
export const needWords = ({ phase }: { phase: string }, need: Need): string => BY_PHASE[phase] ?? NEED_WORDS[need]

const BY_PHASE: Record<string, string> = { RolledBack: 'Mend or retry', Suspended: 'Lift the suspension' }

const NEED_WORDS: Record<Need, string> = {
  approve: 'Approve or reject',
  resume: 'Resume or abort',
  decide: 'Decide',
  repair: 'Repair',
}

const mood = (word: string, tone: Tone, sign: Sign): Mood => ({ word, tone, sign })

const MOODS: Record<string, Mood> = {
  Progressing: mood('Progressing', 'run', 'flow'),
  Analysing: mood('Analysing', 'run', 'scale'),
  AwaitingApproval: mood('Waits for approval', 'wait', 'person'),
  Paused: mood('Paused', 'wait', 'pause'),
  Suspended: mood('Suspended', 'wait', 'pause'),
  Frozen: mood('Frozen', 'wait', 'pause'),
  Queued: mood('Queued', 'wait', 'pause'),
  Holding: mood('Holding', 'wait', 'hold'),
  RollingBack: mood('Rolling back', 'bad', 'back'),
  RollbackBlocked: mood('Rollback blocked', 'bad', 'alert'),
  HandingBack: mood('Handing back', 'wait', 'back'),
  Promoted: mood('Promoted', 'good', 'check'),
  RolledBack: mood('Rolled back', 'bad', 'back'),
  AnalysisFailed: mood('Rolled back', 'bad', 'back'),
  Aborted: mood('Aborted', 'bad', 'cross'),
  Withdrawn: mood('Withdrawn', 'rest', 'dash'),
  Superseded: mood('Superseded', 'rest', 'dash'),
  Pending: mood('Pending', 'rest', 'dash'),
  InvalidSpec: mood('Invalid spec', 'bad', 'alert'),
  EngineUnavailable: mood('Engine unavailable', 'bad', 'alert'),
  EngineStuck: mood('Engine stuck', 'bad', 'alert'),
}

const spaced = (phase: string): string =>
  phase.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) || 'Unknown'
