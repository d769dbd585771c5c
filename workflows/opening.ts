import type { Revision } from '../crds/traffic.ts'
import type { Mark } from '../activities/picture.ts'
import { openGuard, watch } from './guard.ts'
import { insist } from './proxies.ts'
import type { Stay } from './retirement.ts'
import type { Run } from './run.ts'

export type Opening = { number: number; revision: Revision; stable: Revision; stepIndex?: number; epoch?: number }

/** The run's memory: from the state an earlier run carried over, from the open Release, or fresh. */
export async function openRun(stay: Stay, opening: Opening): Promise<Run> {
  const { input, desk, picture } = stay
  const carried = input.carried?.release?.number === opening.number ? input.carried.release : undefined
  const { ref } = picture
  const opened = await insist.openRelease({
    ref,
    number: opening.number,
    revision: opening.revision,
    from: opening.stable,
  })
  const weight = carried?.weight ?? picture.route.weights[opening.revision] ?? 0
  const run: Run = {
    input,
    desk,
    picture,
    number: opening.number,
    canary: opening.revision,
    stable: opening.stable,
    plan: opened.plan,
    seq: Math.max(carried?.seq ?? 0, picture.nextSeq),
    stepIndex: carried?.stepIndex ?? opening.stepIndex ?? 0,
    stepSince: carried?.stepSince ?? Date.now(),
    weight,
    marks: carried?.marks ?? marksOf(opened.plan, opening.stepIndex ?? 0, weight),
    retreats: carried?.retreats ?? 0,
    replicas: picture.replicas,
    suspended: picture.suspend,
    routeGone: false,
    writing: false,
    override: false,
    warm: stay.warm,
    guard: openGuard(
      () => ({ ref, release: run.number, canary: run.canary, stable: run.stable }),
      Math.max(carried?.epoch ?? 0, opening.epoch ?? 0),
    ),
  }
  desk.subject = { release: run.number, revision: run.canary }
  if (weight > 0) watch(run.guard, run.marks)
  return run
}

/** A recovery without the carried marks: the weight that stands on the route counts from now on, in the slot of its step. */
function marksOf(plan: Run['plan'], stepIndex: number, weight: number): Mark[] {
  if (weight === 0) return []
  const changes = plan.steps.slice(0, stepIndex + 1).filter((step) => step.kind === 'setWeight').length
  return [{ slot: Math.max(0, changes - 1), weight, since: Date.now() / 1_000, addedPods: false }]
}
