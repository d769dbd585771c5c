import { Context } from '@temporalio/activity'
import type { JobEnd } from '../workload/workload.ts'
import type { Deps } from './deps.ts'
import { hookOf, type HookInput } from './hook.ts'
import type { RolloutRef } from './picture.ts'
import { refusable } from './refusal.ts'
import { needRollout } from './rollouts.ts'
import { needRelease, releaseAt } from './storage.ts'

const HEARTBEAT_MS = 2_000
const BEGUN = 'begun'

/**
 * Runs the Job of a step to its end. An attempt that takes over finds the Job of the one before; it is never run twice.
 * What the API server refuses fails for good.
 */
export async function job(deps: Deps, input: HookInput): Promise<JobEnd> {
  const context = Context.current()
  let begun = context.info.heartbeatDetails === BEGUN
  const beat = setInterval(() => context.heartbeat(begun ? BEGUN : undefined), HEARTBEAT_MS)
  try {
    const { ref, stepIndex, round, stable } = input
    const rollout = await needRollout(deps.kube, ref)
    const release = await needRelease(deps, releaseAt(ref, input.release))
    const order = { release, stepIndex, round, stable, run: hookOf(release, stepIndex, 'job') }
    if (!begun) {
      const { refused } = await refusable(() => deps.workload.startJob(rollout, order))
      if (refused !== undefined) return { passed: false, sentence: refused }
      begun = true
      context.heartbeat(BEGUN)
    }
    const end = await deps.workload.followJob(rollout, order, context.cancellationSignal)
    context.cancellationSignal.throwIfAborted()
    return end
  } finally {
    clearInterval(beat)
  }
}

/** The Job of a step that was broken off. */
export async function stopJob(
  deps: Deps,
  { ref, ...job }: { ref: RolloutRef; release: number; stepIndex: number; round: number },
): Promise<void> {
  await deps.workload.stopJob(ref, job)
}
