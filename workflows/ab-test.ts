import { formatDuration } from '../crds/duration.ts'
import type { Step } from '../crds/plan.ts'
import { approve } from './approval.ts'
import { mayBegin } from './beginning.ts'
import { watch } from './guard.ts'
import { Interrupted, type Run } from './run.ts'
import { tell } from './telling.ts'
import { waitFor } from './waiting.ts'
import { mayEnd, mayGoForward, raise } from './weights.ts'

type Test = Extract<Step, { kind: 'abTest' }>

/** The gate at which a person is asked, where an A/B test is told to. */
const GATE = 'ab-test'
const ANSWER_WITHIN_MS = 72 * 60 * 60_000

/**
 * Users are split and stay where they are until it is known which revision they prefer, or the time is over. B is taken
 * by going on; A by going back.
 */
export async function abTest(run: Run, test: Test): Promise<void> {
  await begin(run, test)
  if (await isDecided(run, test)) {
    run.evidence = run.guard.advanced?.sentence ?? ''
    return mayEnd(run)
  }
  const over = `undecided after ${formatDuration(test.maxDurationMs)}`
  if (test.then === 'keep-a') throw keptA(`A/B test ${over}; then: keep-a`)
  run.evidence = `A/B test ${over}; then: ${test.then}`
  const expiresAfterMs = test.maxDurationMs + ANSWER_WITHIN_MS
  if (test.then === 'ask') await approve(run, { kind: 'approve', name: GATE, expiresAfterMs })
  await mayEnd(run)
}

async function begin(run: Run, { cohort, percent }: Test): Promise<void> {
  if (run.weight === percent) return
  await mayGoForward(run)
  await mayBegin(run)
  run.aside = { ...run.aside, ...(cohort ? { among: cohort } : {}) }
  await raise(run, percent)
  run.stepSince = Date.now()
}

/** False when the time is over. Where nobody counts, only the time decides. */
async function isDecided(run: Run, test: Test): Promise<boolean> {
  const { cohort, percent, metric, maxDurationMs } = test
  const whom = cohort ? 'of the cohort' : 'of all users'
  await tell(run, {
    phase: 'Analysing',
    message: `A/B test: ${percent} % ${whom} see ${run.canary}, at most for ${formatDuration(maxDurationMs)}`,
  })
  if (run.measured && run.mode === 'act') {
    watch(run.guard, run.marks, { kind: 'abTest', from: run.stepSince / 1_000, ...(metric ? { metric } : {}) })
  }
  return waitFor(run, () => run.guard.advanced !== undefined, ends(run, test))
}

/** Epoch milliseconds. */
const ends = ({ stepSince }: Run, { maxDurationMs }: Test): number => stepSince + maxDurationMs

const keptA = (sentence: string): Interrupted =>
  new Interrupted({ kind: 'rollback', reason: 'abTest', sentence: `Rolled back: ${sentence}` })
