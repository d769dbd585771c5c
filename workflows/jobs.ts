import { CancellationScope, ContinueAsNew, log } from '@temporalio/workflow'
import type { HookInput } from '../activities/hook.ts'
import type { JobOutcome } from '../activities/job.ts'
import type { Ending } from './back.ts'
import { forward, working } from './proxies.ts'
import type { Run } from './run.ts'
import { waitFor } from './waiting.ts'

/** Runs the Job of the current step to its end. Whatever breaks the step off ends the Job, but for a run that takes over. */
export async function followJob(run: Run): Promise<JobOutcome> {
  const scope = new CancellationScope()
  let settled = false
  const result = scope.run(() => working.job(hookOf(run)))
  result.then(
    () => (settled = true),
    () => (settled = true),
  )
  try {
    await waitFor(run, () => settled)
  } catch (error) {
    scope.cancel()
    // Whoever goes on finds it running.
    if (!(error instanceof ContinueAsNew)) stopJob(run, hookOf(run), result)
    throw error
  }
  const outcome = await result
  // Its time may be over without its end.
  if (!outcome.passed) stopJob(run, hookOf(run))
  return outcome
}

/** Before a release is left: the way back did not wait for its Job, and nobody comes after it who would stop one. */
export async function leaveJobs(run: Run, ending: Ending | undefined): Promise<void> {
  const { round: _round, ...which } = hookOf(run)
  // A run that goes back without having followed it, because another one began it.
  if (ending && !run.stopping && run.plan.steps[run.stepIndex]?.kind === 'job') stopJob(run, which)
  await run.stopping
}

export const hookOf = ({ picture, number, stepIndex, retreats, stable }: Run): HookInput => ({
  ref: picture.ref,
  release: number,
  stepIndex,
  round: retreats + 1,
  stable,
})

type Which = Omit<HookInput, 'round'> & { round?: number }

/**
 * Once `following` has ended: what is still making the Job would make it after it was stopped. Given up after five minutes,
 * because a Job ends by its deadline at the latest.
 */
function stopJob(run: Run, { stable: _stable, ...which }: Which, following?: Promise<unknown>): void {
  const before = run.stopping
  const stop = async (): Promise<void> => {
    await Promise.allSettled([before, following])
    await forward.stopJob(which)
  }
  run.stopping = CancellationScope.nonCancellable(stop).catch((error: unknown) =>
    log.warn('a Job was not stopped', { error }),
  )
}
