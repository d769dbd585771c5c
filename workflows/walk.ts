import { CancellationScope } from '@temporalio/workflow'
import { withdraw } from './back.ts'
import { take } from './desk.ts'
import { promote } from './promotion.ts'
import { Interrupted, type Run } from './run.ts'
import { doStep } from './steps.ts'
import { tell } from './telling.ts'
import { renewIfDue } from './waiting.ts'

const MOST_RETREATS = 3
/** Steps that give a weight. */
const WEIGHING = new Set(['setWeight', 'ramp'])

/** The plan, step by step, and the promotion at its end. A retreat walks its step again; `promote` and `step` skip; everything else ends the release. */
export async function walk(run: Run): Promise<void> {
  const { steps } = run.plan
  for (;;) {
    const step = steps[run.stepIndex]
    try {
      if (!step) return await promote(run)
      await doStep(run, step)
      goTo(run, run.stepIndex + 1)
    } catch (error) {
      await divert(run, error)
    }
    await renewIfDue(run)
  }
}

async function divert(run: Run, error: unknown): Promise<void> {
  if (!(error instanceof Interrupted)) throw error
  const { kind, sentence } = error.interruption
  if (kind === 'promote') {
    take(run.desk, 'promote')
    run.override = true
    return goTo(run, run.plan.steps.length)
  }
  if (kind === 'step') {
    take(run.desk, 'step')
    return goTo(run, Math.min(run.stepIndex + 1, run.plan.steps.length))
  }
  if (kind !== 'retreat') throw error
  if (run.retreats === MOST_RETREATS) {
    throw new Interrupted({
      kind: 'rollback',
      reason: 'notReady',
      sentence: `Rolled back: the canary lost all of its pods for the fourth time; ${sentence}`,
    })
  }
  await CancellationScope.nonCancellable(() => retreat(run, sentence))
}

/** Weight 0, canary kept: no pod to serve is no verdict on the code. The step starts again when pods are ready. */
async function retreat(run: Run, sentence: string): Promise<void> {
  run.guard.alarm = undefined
  run.retreats += 1
  await withdraw(run)
  run.marks.push({ slot: run.marks.at(-1)?.slot ?? 0, weight: 0, since: Date.now() / 1_000, addedPods: false })
  goTo(
    run,
    run.plan.steps.findLastIndex((step, index) => index <= run.stepIndex && WEIGHING.has(step.kind)),
  )
  await tell(run, {
    phase: 'Holding',
    message: sentence,
    event: { type: 'Warning', reason: 'Retreated', message: sentence },
  })
}

function goTo(run: Run, stepIndex: number): void {
  run.stepIndex = stepIndex
  run.stepSince = Date.now()
  run.asked = false
}
