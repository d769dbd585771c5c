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
  /** Returns after this long to say what stands in the way. */
  tellAfterMs: number
}

/** `waitingFor`: not ready yet, and why; ask again. */
export type ReadyResult = { waitingFor?: string }

const HEARTBEAT_MS = 2_000

/** Follows the pods until enough are ready, then settles. Past the deadline it fails for good and names the container. */
export async function awaitReady(deps: Deps, input: ReadyInput): Promise<ReadyResult> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const ended = new AbortController()
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal])
  try {
    const result = await enoughReady(deps, input, signal)
    if (result.waitingFor === undefined) await context.sleep(input.settleMs)
    return result
  } finally {
    clearInterval(beat)
    ended.abort()
  }
}

function enoughReady(deps: Deps, input: ReadyInput, signal: AbortSignal): Promise<ReadyResult> {
  const { ref, revision, replicas } = input
  const leftMs = Math.max(0, input.deadlineAt - deps.now())
  return new Promise((resolve, reject) => {
    let last: Readiness | undefined
    let overdue = false
    // A deadline that finds nothing known yet waits for the first look: only what was seen can be too late.
    const decide = (): void => {
      if (last && last.ready >= replicas) resolve({})
      else if (last && overdue) reject(notReady(input, last))
    }
    const timers = [
      setTimeout(() => {
        overdue = true
        decide()
      }, leftMs),
      setTimeout(() => resolve({ waitingFor: last?.waitingFor ?? 'no pod was seen yet' }), input.tellAfterMs),
    ]
    const see = (readiness: Readiness): void => {
      last = readiness
      decide()
    }
    signal.addEventListener('abort', () => {
      timers.forEach(clearTimeout)
      reject(signal.reason)
    })
    deps.workload.followPods({ namespace: ref.namespace, rollout: ref.name, revision }, see, signal).catch(reject)
  })
}

function notReady(input: ReadyInput, last: Readiness): ApplicationFailure {
  const why = last.waitingFor ?? 'they were ready for a moment only'
  const message = `${last.ready} of ${input.replicas} pods of ${input.revision} became ready in time: ${why}`
  return ApplicationFailure.nonRetryable(message, 'NotReady')
}
