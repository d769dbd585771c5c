import { ApplicationFailure, Context } from '@temporalio/activity'
import type { Revision } from '../crds/traffic.ts'
import type { Addressed, Readiness } from '../workload/workload.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
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

/**
 * Follows the pods until enough are ready, and their Services until these have their addresses, then settles. Past the
 * deadline it fails for good and names what was missing.
 */
export async function awaitReady(deps: Deps, input: ReadyInput): Promise<ReadyResult> {
  return thenSettled(input, async (signal) => {
    const ready = await enoughReady(deps, input, signal)
    if (ready.waitingFor !== undefined) return ready
    for (const service of input.services) {
      const addressed = await enoughAddressed(deps, input, service, signal)
      if (addressed.waitingFor !== undefined) return addressed
    }
    return {}
  })
}

export type AddressedInput = Pick<ReadyInput, 'ref' | 'settleMs' | 'tellAfterMs'> & { service: string }

/** As `awaitReady` of one Service, without an end. Returns at once where there is none: nobody gets addresses of it. */
export function awaitAddresses(deps: Deps, input: AddressedInput): Promise<Addressed> {
  return thenSettled(input, (signal) =>
    enoughAddressed(deps, { ...input, deadlineAt: Infinity, isHopeless }, input.service, signal),
  )
}

function thenSettled<T extends ReadyResult>(
  { settleMs }: Pick<ReadyInput, 'settleMs'>,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return heartbeating(async (signal) => {
    const result = await wait(signal)
    if (result.waitingFor === undefined) await Context.current().sleep(settleMs)
    return result
  })
}

const isHopeless = ({ isGone }: Addressed): boolean => isGone === true

function enoughReady({ workload, now }: Deps, input: ReadyInput, signal: AbortSignal): Promise<ReadyResult> {
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

function enoughAddressed(
  { workload, now }: Deps,
  input: Pick<ReadyInput, 'ref' | 'deadlineAt' | 'tellAfterMs'> & Pick<Until<Addressed>, 'isHopeless'>,
  service: string,
  signal: AbortSignal,
): Promise<Addressed> {
  return until<Addressed>({
    ...input,
    now,
    signal,
    follow: (see) => workload.followAddresses({ namespace: input.ref.namespace, service }, see, signal),
    isEnough: ({ waitingFor }) => waitingFor === undefined,
    unseen: `the addresses of Service ${service} were not seen yet`,
    late: ({ waitingFor = '' }) => `clients of Service ${service} did not get all addresses in time: ${waitingFor}`,
  })
}

type Until<T> = Pick<ReadyInput, 'deadlineAt' | 'tellAfterMs'> & {
  now: () => number
  signal: AbortSignal
  follow: (see: (state: T) => void) => Promise<void>
  isEnough: (state: T) => boolean
  /** Nothing comes of waiting. */
  isHopeless?: (state: T) => boolean
  unseen: string
  late: (last: T) => string
}

/** Nothing where it is enough; what was seen last where that took longer than `tellAfterMs`, or is hopeless. */
function until<T extends Addressed>(options: Until<T>): Promise<Addressed> {
  const { deadlineAt, tellAfterMs, now, signal, follow, isEnough, isHopeless, unseen, late } = options
  return new Promise((resolve, reject) => {
    let last: T | undefined
    let overdue = false
    // A deadline that finds nothing known yet waits for the first look: only what was seen can be too late.
    const decide = (): void => {
      if (last && isEnough(last)) resolve({})
      else if (last && isHopeless?.(last)) resolve(told())
      else if (last && overdue) reject(ApplicationFailure.nonRetryable(late(last), 'NotReady'))
    }
    const told = (): Addressed => ({
      waitingFor: last?.waitingFor ?? unseen,
      ...(last?.isGone ? { isGone: true } : {}),
    })
    const timers = [setTimeout(() => resolve(told()), tellAfterMs)]
    if (deadlineAt < Infinity) {
      const leftMs = Math.max(0, deadlineAt - now())
      timers.push(
        setTimeout(() => {
          overdue = true
          decide()
        }, leftMs),
      )
    }
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
