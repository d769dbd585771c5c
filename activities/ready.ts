import { ApplicationFailure, Context } from '@temporalio/activity'
import type { Revision } from '../crds/traffic.ts'
import type { Readiness } from '../workload/workload.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

export type ReadyInput = {
  ref: RolloutRef
  revision: Revision
  /** Pods that have to be ready. */
  replicas: number
  /** Epoch milliseconds. */
  deadlineAt: number
  /** Waited after readiness, so that every proxy knows the endpoints. */
  settleMs: number
}

const HEARTBEAT_MS = 2_000

/** Follows the pods until enough are ready, then settles. Past the deadline it fails for good and names the container. */
export async function awaitReady(deps: Deps, input: ReadyInput): Promise<void> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const ended = new AbortController()
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal])
  try {
    await enoughReady(deps, input, signal)
    await context.sleep(input.settleMs)
  } finally {
    clearInterval(beat)
    ended.abort()
  }
}

function enoughReady(deps: Deps, input: ReadyInput, signal: AbortSignal): Promise<void> {
  const { ref, revision, replicas } = input
  return new Promise((resolve, reject) => {
    let last: Readiness | undefined
    const overdue = (): void => reject(notReady(input, last))
    const deadline = setTimeout(overdue, Math.max(0, input.deadlineAt - deps.now()))
    signal.addEventListener('abort', () => {
      clearTimeout(deadline)
      reject(signal.reason)
    })
    const see = (readiness: Readiness): void => {
      last = readiness
      if (readiness.ready < replicas) return
      clearTimeout(deadline)
      resolve()
    }
    deps.workload.followPods({ namespace: ref.namespace, rollout: ref.name, revision }, see, signal).catch(reject)
  })
}

function notReady(input: ReadyInput, last: Readiness | undefined): ApplicationFailure {
  const why = last?.waitingFor ?? 'no pod was seen'
  const message = `${last?.ready ?? 0} of ${input.replicas} pods of ${input.revision} became ready in time: ${why}`
  return ApplicationFailure.nonRetryable(message, 'NotReady')
}
