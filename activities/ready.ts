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
  /** Services that are about to get requests: their clients have to have the addresses of all ready pods. */
  services: string[]
  /** Epoch milliseconds. */
  deadlineAt: number
  /** Waited after that, so that every proxy knows the addresses, too. */
  settleMs: number
  /** Returns after this long to say what stands in the way. */
  tellAfterMs: number
}

/** `waitingFor`: not ready yet, and why; ask again. */
export type ReadyResult = { waitingFor?: string }

const HEARTBEAT_MS = 2_000

/**
 * Follows the pods until enough are ready, and their Services until these have their addresses, then settles. Past the
 * deadline it fails for good and names what was missing.
 */
export async function awaitReady(deps: Deps, input: ReadyInput): Promise<ReadyResult> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const ended = new AbortController()
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal])
  try {
    const result = await inTurn([enoughReady, ...input.services.map(addressesOf)], (wait) => wait(deps, input, signal))
    if (result.waitingFor === undefined) await context.sleep(input.settleMs)
    return result
  } finally {
    clearInterval(beat)
    ended.abort()
  }
}

type Wait = (deps: Deps, input: ReadyInput, signal: AbortSignal) => Promise<ReadyResult>

/** The first that is not fulfilled is what is waited for. */
async function inTurn(waits: Wait[], begin: (wait: Wait) => Promise<ReadyResult>): Promise<ReadyResult> {
  for (const wait of waits) {
    const result = await begin(wait)
    if (result.waitingFor !== undefined) return result
  }
  return {}
}

const enoughReady: Wait = ({ workload, now }, input, signal) => {
  const { ref, revision, replicas } = input
  return until<Readiness>({
    ...input,
    now,
    signal,
    follow: (see) => workload.followPods({ namespace: ref.namespace, rollout: ref.name, revision }, see, signal),
    isEnough: ({ ready }) => ready >= replicas,
    unseen: 'no pod was seen yet',
    late({ ready, waitingFor }) {
      const why = waitingFor ?? 'they were ready for a moment only'
      return `${ready} of ${replicas} pods of ${revision} became ready in time: ${why}`
    },
  })
}

const addressesOf =
  (service: string): Wait =>
  ({ workload, now }, input, signal) =>
    until<ReadyResult>({
      ...input,
      now,
      signal,
      follow: (see) => workload.followAddresses({ namespace: input.ref.namespace, service }, see, signal),
      isEnough: ({ waitingFor }) => waitingFor === undefined,
      unseen: `the addresses of Service ${service} were not seen yet`,
      late: ({ waitingFor = '' }) => `clients of Service ${service} did not get all addresses in time: ${waitingFor}`,
    })

type Until<T> = Pick<ReadyInput, 'deadlineAt' | 'tellAfterMs'> & {
  now: () => number
  signal: AbortSignal
  follow: (see: (state: T) => void) => Promise<void>
  isEnough: (state: T) => boolean
  unseen: string
  late: (last: T) => string
}

function until<T extends ReadyResult>(options: Until<T>): Promise<ReadyResult> {
  const { deadlineAt, tellAfterMs, now, signal, follow, isEnough, unseen, late } = options
  return new Promise((resolve, reject) => {
    let last: T | undefined
    let overdue = false
    // A deadline that finds nothing known yet waits for the first look: only what was seen can be too late.
    const decide = (): void => {
      if (last && isEnough(last)) resolve({})
      else if (last && overdue) reject(ApplicationFailure.nonRetryable(late(last), 'NotReady'))
    }
    const timers = [
      setTimeout(
        () => {
          overdue = true
          decide()
        },
        Math.max(0, deadlineAt - now()),
      ),
      setTimeout(() => resolve({ waitingFor: last?.waitingFor ?? unseen }), tellAfterMs),
    ]
    const see = (state: T): void => {
      last = state
      decide()
    }
    signal.addEventListener('abort', () => {
      timers.forEach(clearTimeout)
      reject(signal.reason)
    })
    follow(see).catch(reject)
  })
}
