import { MAX_TIMELINE } from '../../crds/bounds.ts'
import type { Plan } from '../../crds/plan.ts'
import type { ReleaseStatus } from '../../crds/schema/release.ts'
import type { Colors } from '../terminal.ts'
import { moodOf, stepWords, type Mood } from '../words.ts'

/** One line per step of a plan, and one for the promotion at its end. */
export function stepLines({ steps }: Plan, status: ReleaseStatus, colors: Colors): string[] {
  const skipped = firstSkipped(steps, status)
  return [...steps.map(stepWords), 'promote'].map((words, index) => {
    const isSkipped = index >= skipped && index < steps.length
    const { icon, paint } = isSkipped ? SKIPPED : markOf(index, status)
    return `  ${paint(colors)(`${icon} ${words}${isSkipped ? ' (skipped)' : ''}`)}`
  })
}

const DONE: Mood = { icon: '✔', paint: (colors) => colors.green }
const AHEAD: Mood = { icon: '·', paint: (colors) => colors.dim }
const CURRENT: Mood = { icon: '▶', paint: (colors) => colors.cyan }
const SKIPPED: Mood = { icon: '⤼', paint: (colors) => colors.dim }

function markOf(index: number, { outcome, stepIndex: now = 0 }: ReleaseStatus): Mood {
  if (outcome === 'Promoted' || index < now) return DONE
  if (index > now) return AHEAD
  return outcome === undefined ? CURRENT : moodOf(outcome)
}

/**
 * Where `promote` went straight to everything: behind the last step that the timeline tells of, if a weight after it was
 * never set. Infinity where nothing was skipped, or the timeline does not reach back far enough to say so.
 */
function firstSkipped(steps: Plan['steps'], { outcome, timeline = [] }: ReleaseStatus): number {
  if (outcome !== 'Promoted' || timeline.length === 0 || timeline.length >= MAX_TIMELINE) return Infinity
  const weights = new Set(timeline.filter(({ event }) => event === 'WeightSet').map(({ message }) => weightIn(message)))
  const passed = timeline.filter(({ event }) => event === 'GateApproved').length
  const gates = steps.flatMap((step, index) => (step.kind === 'approve' ? [index] : [])).slice(0, passed)
  const set = steps.findLastIndex((step) => step.kind === 'setWeight' && weights.has(step.weight))
  const first = Math.max(set, gates.at(-1) ?? -1) + 1
  return steps.slice(first).some((step) => step.kind === 'setWeight') ? first : Infinity
}

const weightIn = (message: string): number => Number(/(\d+) % of the traffic/.exec(message)?.[1])
