import type { ReleaseView } from '../../api/views.ts'
import { MAX_TIMELINE } from '../../crds/bounds.ts'

export type Standing = 'done' | 'now' | 'ahead' | 'skipped' | 'failed'

/** Where each step of a plan stands, and after them the promotion. */
export function standings(release: Pick<ReleaseView, 'plan' | 'outcome' | 'stepIndex' | 'timeline'>): Standing[] {
  const { plan, outcome, stepIndex } = release
  const { length } = plan.steps
  if (outcome === 'Promoted') {
    const passed = stepsTaken(release)
    return [...plan.steps.map((_, index): Standing => (index < passed ? 'done' : 'skipped')), 'done']
  }
  const here: Standing = outcome === undefined ? 'now' : 'failed'
  return Array.from({ length: length + 1 }, (_, i) => (i < stepIndex ? 'done' : i === stepIndex ? here : 'ahead'))
}

/**
 * How many steps a promoted release went through: `promote` passes over the rest. Proofs are weights that were set and
 * gates that were approved; all steps, where no weight is missing behind the last proof, or the timeline does not reach
 * back so far.
 */
function stepsTaken({ plan: { steps }, timeline }: Pick<ReleaseView, 'plan' | 'timeline'>): number {
  if (timeline.length === 0 || timeline.length >= MAX_TIMELINE) return steps.length
  const set = new Set(timeline.map(({ event, message }) => (event === 'WeightSet' ? weightIn(message) : undefined)))
  const approvals = timeline.filter(({ event }) => event === 'GateApproved').length
  const proven = steps.findLastIndex((step) => step.kind === 'setWeight' && set.has(step.weight))
  const gates = steps.flatMap((step, index) => (step.kind === 'approve' ? [index] : []))
  const taken = Math.max(proven, gates[approvals - 1] ?? -1) + 1
  return steps.slice(taken).some(({ kind }) => kind === 'setWeight') ? taken : steps.length
}

/** What `WeightSet` says in its message. */
export function weightIn(message: string): number | undefined {
  const [, percent] = /(\d+) % of the traffic/.exec(message) ?? []
  return percent === undefined ? undefined : Number(percent)
}
