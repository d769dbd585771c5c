import { CancellationScope } from '@temporalio/workflow'
import { overtake } from './answers.ts'
import { asideBefore, BESIDE } from './aside.ts'
import { withdraw } from './back.ts'
import type { Step } from '../crds/plan.ts'
import { take } from './desk.ts'
import { promote } from './promotion.ts'
import { Interrupted, stepLabel, type Run } from './run.ts'
import { doStep } from './steps.ts'
import { tell } from './telling.ts'
import { renewIfDue } from './waiting.ts'

const MOST_RETREATS = 3
/** Steps that give a weight. */
const WEIGHING: ReadonlySet<Step['kind']> = new Set<Step['kind']>(['setWeight', 'ramp', 'abTest'])

/** `prepare`, the plan, step by step, and the promotion at its end. A retreat walks its step again; `promote` and `step` skip; everything else ends the release. */
export async function walk(run: Run, prepare: () => Promise<void>): Promise<void> {
  const { steps } = run.plan
  for (let prepared = false; ;) {
    try {
      if (!prepared) await prepare()
      prepared = true
      const step = steps[run.stepIndex]
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
  if (kind === 'promote' || kind === 'step') return skip(run, kind)
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

/** What a person did not wait for is not done, and the record says so. */
async function skip(run: Run, kind: 'promote' | 'step'): Promise<void> {
  const { by, reason } = take(run.desk, kind) ?? {}
  const { steps } = run.plan
  if (kind === 'promote') hurry(run)
  const from = run.stepIndex
  const rest = kind === 'promote' ? ' and everything after it' : ''
  const message = `${by} said ${kind}: step ${stepLabel(run)}${rest} is skipped${reason ? ` (${reason})` : ''}`
  goTo(run, kind === 'promote' ? steps.length : Math.min(from + 1, steps.length))
  if (from >= steps.length) return
  const skipped = Array.from({ length: run.stepIndex - from }, (_, index) => from + index)
  await tell(run, { phase: 'Progressing', message, skipped, event: { type: 'Normal', reason: 'Skipped', message } })
}

function hurry(run: Run): void {
  run.override = true
  if (run.desk.subject) run.desk.subject.hurried = true
}

/** Weight 0 and nothing beside it, canary kept: no pod to serve is no verdict on the code. The step starts again when pods are ready. */
async function retreat(run: Run, sentence: string): Promise<void> {
  run.guard.alarm = undefined
  run.retreats += 1
  await withdraw(run)
  run.marks.push({ slot: run.marks.at(-1)?.slot ?? 0, weight: 0, since: Date.now() / 1_000, addedPods: false })
  goTo(run, beginningOf(run))
  run.aside = asideBefore(run, run.stepIndex)
  await tell(run, {
    phase: 'Holding',
    hold: 'retreated',
    message: sentence,
    event: { type: 'Warning', reason: 'Retreated', message: sentence },
  })
}

/** The step that gave the canary its requests. */
function beginningOf({ plan, stepIndex }: Run): number {
  const last = (kinds: ReadonlySet<Step['kind']>): number =>
    plan.steps.findLastIndex(({ kind }, index) => index <= stepIndex && kinds.has(kind))
  const weighing = last(WEIGHING)
  return Math.max(0, weighing >= 0 ? weighing : last(BESIDE))
}

function goTo(run: Run, stepIndex: number): void {
  run.stepIndex = stepIndex
  run.stepSince = Date.now()
  run.asked = false
  run.warned = false
  run.expired = false
  run.passed = false
  run.stepped = false
  overtake(run.desk, `release ${run.number} has left the gate`, 'approve')
  run.resumedBefore = run.desk.resumed
  run.tried = 0
}
