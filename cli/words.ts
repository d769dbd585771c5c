import { findCondition } from '../crds/conditions.ts'
import { formatDuration } from '../crds/duration.ts'
import type { Step } from '../crds/plan.ts'
import type { Condition, RolloutStatus } from '../crds/schema/rollout.ts'
import type { Colors } from './terminal.ts'

export type Mood = { icon: string; paint: (colors: Colors) => (text: string) => string }

/** The state in one word: a stall says more than Ready does. How a release ended is said in the word of its outcome. */
export function phaseOf(status: RolloutStatus | undefined): string {
  const stalled = findCondition(status?.conditions, 'Stalled')
  const ready = findCondition(status?.conditions, 'Ready')?.reason ?? 'Pending'
  const reason = stalled?.status === 'True' ? stalled.reason : ready
  return reason === 'AnalysisFailed' ? 'RolledBack' : reason
}

/** Why nothing goes on until somebody does something; a stall that only says again how the last release ended is none. */
export function stallOf(status: RolloutStatus | undefined): Condition | undefined {
  const stalled = findCondition(status?.conditions, 'Stalled')
  return stalled?.status === 'True' && !AFTER_A_RELEASE.has(stalled.reason) ? stalled : undefined
}

/** Icon and colour of a phase or an outcome: whether all is well, something runs, or somebody has to do something. */
export function moodOf(phase: string): Mood {
  return PHASES[phase] ?? RUNNING
}

/** A step as people say it. */
export function stepWords(step: Step): string {
  switch (step.kind) {
    case 'setWeight':
      return `set weight ${step.weight} %`
    case 'analyze':
      return `analyze ${formatDuration(step.forMs)}`
    case 'approve':
      return `approve ${step.name}`
    case 'window':
      return `window ${step.name}`
    case 'ramp':
      return `ramp to ${step.ladder.at(-1)} % by evidence`
    case 'bake':
      return `bake ${formatDuration(step.forMs)}`
    case 'pause':
      return step.forMs === undefined ? 'pause until resumed' : `pause ${formatDuration(step.forMs)}`
    case 'webhook':
      return `ask ${new URL(step.url).host}`
    case 'job':
      return 'job'
    default:
      return asideWords(step)
  }
}

type AsideStep = Extract<Step, { kind: 'scale' | 'preview' | 'mirror' | 'match' | 'fault' | 'abTest' }>

/** What goes on beside the weights. */
function asideWords(step: AsideStep): string {
  switch (step.kind) {
    case 'scale':
      return `scale to ${step.percent} %`
    case 'preview':
      return `preview at ${step.host}`
    case 'mirror':
      return `mirror ${step.percent} %${step.forMs === undefined ? '' : ` for ${formatDuration(step.forMs)}`}`
    case 'match':
      return step.cohort.length === 1 ? 'match a cohort' : `match ${step.cohort.length} cohorts`
    case 'fault':
      return `fault in ${step.fault.percent} % of the cohort for ${formatDuration(step.forMs)}`
    default:
      return `A/B test with ${step.percent} %, at most ${formatDuration(step.maxDurationMs)}`
  }
}

const AFTER_A_RELEASE = new Set(['AnalysisFailed', 'Aborted'])

const GOOD: Mood = { icon: '✔', paint: (colors) => colors.green }
const BAD: Mood = { icon: '✖', paint: (colors) => colors.red }
const WAITING: Mood = { icon: '◔', paint: (colors) => colors.yellow }
const RUNNING: Mood = { icon: '◑', paint: (colors) => colors.cyan }
const OVER: Mood = { icon: '○', paint: (colors) => colors.dim }

const PHASES: Record<string, Mood> = {
  Promoted: GOOD,
  RolledBack: BAD,
  Aborted: BAD,
  RollingBack: BAD,
  RollbackBlocked: BAD,
  HandingBack: WAITING,
  InvalidSpec: BAD,
  EngineUnavailable: BAD,
  EngineStuck: BAD,
  AwaitingApproval: WAITING,
  Paused: WAITING,
  Suspended: WAITING,
  Holding: WAITING,
  Withdrawn: OVER,
  Superseded: OVER,
  Pending: OVER,
}
