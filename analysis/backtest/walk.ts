import type { Plan, Step } from '../../crds/plan.ts'
import type { Finding } from '../finding.ts'
import type { Running } from '../ledger.ts'

/** Where a replay stands in its plan. Times are seconds since it began. */
export type Walk = {
  weight: number
  slot: number
  running?: Running
  isOver: boolean
}

export type WalkOptions = {
  plan: Plan
  /** The first rung of a ramp. */
  firstRung: number
}

/**
 * Goes through a plan as the engine does, with people who answer at once: gates open, and a pause without an end ends
 * when it begins. `step` takes what was found at the row that ended at `now`.
 */
export function openWalk({ plan, firstRung }: WalkOptions): {
  at: Walk
  step: (now: number, finding: Finding) => void
} {
  const at: Walk = { weight: 0, slot: -1, isOver: false }
  let index = -1
  let until = 0
  const setWeight = (weight: number): void => {
    if (weight !== at.weight) at.slot += 1
    at.weight = weight
  }
  const next = (now: number): void => {
    delete at.running
    for (index += 1; index < plan.steps.length; index += 1) {
      const step = plan.steps[index]
      if (!step) break
      if (step.kind === 'setWeight') setWeight(step.weight)
      if (step.kind === 'ramp') setWeight(firstRung)
      const running = runningOf(step, now)
      if (running) at.running = running
      until = now + pauseOf(step)
      // At weight 0 nobody is watched: the time passes, and nothing is there to be told.
      if (running || (until > now && at.weight > 0)) return
    }
    at.isOver = true
  }
  next(0)
  return {
    at,
    step(now, finding) {
      if (finding.verdict === 'advance' && finding.reason === 'nextRung') setWeight(finding.next)
      else if (at.running ? finding.verdict === 'advance' : now >= until && !isBlocked(finding)) next(now)
    },
  }
}

/** No step ends on ignorance. */
const isBlocked = ({ verdict, reason }: Finding): boolean =>
  verdict === 'hold' && (reason === 'noData' || reason === 'splitMismatch' || reason === 'localised')

function runningOf(step: Step, from: number): Running | undefined {
  if (step.kind === 'ramp') return { kind: 'ramp', from }
  if (step.kind === 'analyze' || step.kind === 'bake') return { kind: step.kind, from, for: step.forMs / 1_000 }
  return undefined
}

const pauseOf = (step: Step): number => (step.kind === 'pause' ? (step.forMs ?? 0) / 1_000 : 0)

/** How long a ramp's rung lasts for rules that know no ramp. */
export const RUNG_SECONDS = 120

/** The same weights by the clock alone, for rules that have no say in it: `[weight, seconds]`. */
export function clockOf({ steps }: Plan): [weight: number, seconds: number][] {
  const stretches: [number, number][] = []
  let weight = 0
  for (const step of steps) {
    if (step.kind === 'setWeight') weight = step.weight
    const timed: [number, number][] =
      step.kind === 'ramp'
        ? step.ladder.map((rung) => [rung, RUNG_SECONDS])
        : [[weight, runningOf(step, 0) && 'forMs' in step ? (step.forMs ?? 0) / 1_000 : pauseOf(step)]]
    stretches.push(...timed.filter(([rung, seconds]) => rung > 0 && seconds > 0))
  }
  return stretches
}
