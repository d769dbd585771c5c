import type { Plan } from '../../crds/plan.ts'
import type { ReleaseStatus } from '../../crds/schema/release.ts'
import type { Colors } from '../terminal.ts'
import { moodOf, stepWords, type Mood } from '../words.ts'

/** One line per step of a plan, and one for the promotion at its end. */
export const stepLines = ({ steps }: Plan, status: ReleaseStatus, colors: Colors): string[] =>
  [...steps.map(stepWords), 'promote'].map((words, index) => {
    const isSkipped = status.skipped?.includes(index) === true
    const { icon, paint } = isSkipped ? SKIPPED : markOf(index, status)
    return `  ${paint(colors)(`${icon} ${words}${isSkipped ? ' (skipped)' : ''}`)}`
  })

const DONE: Mood = { icon: '✔', paint: (colors) => colors.green }
const AHEAD: Mood = { icon: '·', paint: (colors) => colors.dim }
const CURRENT: Mood = { icon: '▶', paint: (colors) => colors.cyan }
const SKIPPED: Mood = { icon: '⤼', paint: (colors) => colors.dim }

function markOf(index: number, { outcome, stepIndex: now = 0 }: ReleaseStatus): Mood {
  if (outcome === 'Promoted' || index < now) return DONE
  if (index > now) return AHEAD
  return outcome === undefined ? CURRENT : moodOf(outcome)
}
