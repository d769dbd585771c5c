import { formatDuration } from '../crds/duration.ts'
import type { Step } from '../crds/plan.ts'
import { abTest } from './ab-test.ts'
import { approve } from './approval.ts'
import { mayBegin } from './beginning.ts'
import { fault, match, mirror, preview, scale } from './beside.ts'
import { watch } from './guard.ts'
import { job, webhook } from './hooks.ts'
import { ramp } from './ramp.ts'
import type { Run } from './run.ts'
import { tell } from './telling.ts'
import { waitFor } from './waiting.ts'
import { window } from './window.ts'
import { mayEnd, mayGoForward, raise, standsInTheWay } from './weights.ts'

/** One step of the plan, from its beginning or from where an earlier run of this chain left it. */
export async function doStep(run: Run, step: Step): Promise<void> {
  if (run.passed) return mayGoForward(run)
  switch (step.kind) {
    case 'setWeight':
      return setWeight(run, step.weight)
    case 'analyze':
      return analyze(run, step.forMs)
    case 'ramp':
      return ramp(run, step.ladder)
    case 'bake':
      return bake(run, step.forMs)
    case 'pause':
      return pause(run, step.forMs)
    case 'approve':
      return approve(run, step)
    case 'window':
      return window(run, step)
    case 'scale':
      return scale(run, step)
    case 'preview':
      return preview(run, step)
    case 'mirror':
      return mirror(run, step)
    case 'match':
      return match(run, step)
    case 'fault':
      return fault(run, step)
    case 'webhook':
      return webhook(run, step)
    case 'job':
      return job(run)
    case 'abTest':
      return abTest(run, step)
  }
}

async function setWeight(run: Run, weight: number): Promise<void> {
  await mayGoForward(run)
  if (weight === run.weight) return
  await mayBegin(run)
  await raise(run, weight, run.evidence)
  delete run.evidence
}

async function analyze(run: Run, forMs: number): Promise<void> {
  await tell(run, {
    phase: 'Analysing',
    message: `Analysing ${run.canary} at ${run.weight} % for ${formatDuration(forMs)}`,
  })
  await prove(run, 'analyze', forMs)
}

/** The last weight before the commit. What is left on stable is the live control for faults that are slow to show. */
async function bake(run: Run, forMs: number): Promise<void> {
  const lasts = formatDuration(forMs)
  const message = run.plan.returns
    ? `Watching ${run.canary} at ${run.weight} % for ${lasts} before it is stable again; ${run.stable} stays warm`
    : `Baking ${run.canary} at ${run.weight} % for ${lasts}; ${leftOf(run)}`
  await tell(run, { phase: 'Analysing', message })
  await prove(run, 'bake', forMs)
}

function leftOf(run: Run): string {
  if (run.weight < 100) return `${100 - run.weight} % stay on ${run.stable}`
  const clock = run.measured && !run.judgedAlone ? ', by the clock: nothing is left to compare with' : ''
  return `${run.stable} stays warm${clock}`
}

/** So much time with data and without a reason to stop; by the clock where verdicts cannot or may not decide. */
async function prove(run: Run, kind: 'analyze' | 'bake', forMs: number): Promise<void> {
  if (isProven(run, kind)) {
    watch(run.guard, run.marks, { kind, from: run.stepSince / 1_000, for: forMs / 1_000 })
    await waitFor(run, () => run.guard.advanced !== undefined)
    run.evidence = run.guard.advanced?.sentence ?? ''
  } else await waitFor(run, () => false, run.stepSince + forMs)
  await mayEnd(run)
}

const isProven = ({ measured, mode, plan, weight, judgedAlone }: Run, kind: 'analyze' | 'bake'): boolean =>
  measured && mode === 'act' && !plan.returns && (kind === 'analyze' || weight < 100 || judgedAlone)

async function pause(run: Run, forMs: number | undefined): Promise<void> {
  const { desk } = run
  const until = forMs === undefined ? 'until somebody says resume' : `for ${formatDuration(forMs)}`
  const ends = forMs === undefined ? Infinity : run.stepSince + forMs
  if (desk.subject) desk.subject.pausing = true
  try {
    const message = `Paused at ${run.weight} % ${until}`
    await tell(run, { phase: 'Paused', message, hold: forMs === undefined ? 'untilResumed' : 'pausing' })
    await waitFor(run, () => desk.resumed > run.resumedBefore, ends)
  } finally {
    delete desk.subject?.pausing
  }
  if (standsInTheWay(run) !== undefined)
    await tell(run, { phase: 'Progressing', message: `The pause at ${run.weight} % is over` })
  await mayEnd(run)
}
