import { Context } from '@temporalio/activity'
import { hookEnded, JOB_ENDED } from '../crds/hook.ts'
import type { JobEnd } from '../workload/workload.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import { hookOf, type HookInput } from './hook.ts'
import type { RolloutRef } from './picture.ts'
import { refusable } from './refusal.ts'
import { needRollout } from './rollouts.ts'
import { changeStatus, needRelease, releaseAt } from './storage.ts'
import { entryOf, extended } from './timeline.ts'

const BEGUN = 'begun'

/** What histories hear of it: nothing that a container wrote. */
export type JobOutcome = Omit<JobEnd, 'tail'>

/**
 * Runs the Job of a step to its end, and puts the end of its log into the Release. An attempt that takes over finds the Job
 * of the one before; it is never run twice. What the API server refuses fails for good.
 */
export function job(deps: Deps, input: HookInput): Promise<JobOutcome> {
  const context = Context.current()
  let begun = context.info.heartbeatDetails === BEGUN
  async function run(signal: AbortSignal): Promise<JobOutcome> {
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
    const { tail, ...end } = await deps.workload.followJob(rollout, order, signal)
    signal.throwIfAborted()
    if (tail !== undefined) await keepTail(deps, input, end, tail)
    return end
  }
  return heartbeating(run, () => (begun ? BEGUN : undefined))
}

/** The Job of a step that was broken off. */
export async function stopJob(
  deps: Deps,
  { ref, ...job }: { ref: RolloutRef; release: number; stepIndex: number; round?: number },
): Promise<void> {
  await deps.workload.stopJob(ref, job)
}

async function keepTail(
  deps: Deps,
  { ref, release }: HookInput,
  { passed, sentence }: JobOutcome,
  tail: string,
): Promise<void> {
  const event = passed ? JOB_ENDED.passed : JOB_ENDED.failed
  const entry = entryOf(deps.now(), { event, message: hookEnded(release, sentence), detail: tail })
  await changeStatus(deps, releaseAt(ref, release), ({ timeline = [] }) => ({ timeline: extended(timeline, entry) }))
}
