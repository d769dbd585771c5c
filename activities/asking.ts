import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger, Reading, SampleRequest, Sampler } from '../analysis/index.ts'
import { revisionObject } from '../crds/names.ts'
import type { Policy } from '../crds/policy.ts'
import type { Release } from '../crds/schema/release.ts'
import { describeError } from '../kube/index.ts'
import { samplerFor } from './credentials.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

export type Arms = { ref: RolloutRef; canary: string; stable: string }

/** What Prometheus is asked about a release; reading begins where the caller says. */
export function requestOf(release: Release, { ref, canary, stable }: Arms, policy: Policy): SampleRequest {
  return {
    namespace: ref.namespace,
    canary: revisionObject(ref.name, canary),
    baseline: revisionObject(ref.name, stable),
    rollout: ref.name,
    revisions: { canary, baseline: stable },
    policy,
    startedAt: Date.parse(release.metadata.creationTimestamp ?? '') / 1_000,
    after: 0,
  }
}

export const newLedger = ({ canary, baseline, policy }: SampleRequest): Ledger => ({
  v: 1,
  canary,
  baseline,
  policy,
  sources: [],
  rows: [],
})

export type Asking = {
  deps: Deps
  request: SampleRequest
  /** Told once, before the first reading of Prometheus. */
  begun: (sampler: Sampler) => void
  signal: AbortSignal
}

/**
 * Readings of the release's Prometheus; none where nothing is measured. While it cannot be asked at all, for example
 * because a Secret is missing, intervals without data that say why.
 */
export async function* readings({ deps, request, begun, signal }: Asking): AsyncGenerator<Reading> {
  const { namespace, policy } = request
  for (let after = request.after; !signal.aborted;) {
    let sampler: Sampler | undefined
    try {
      sampler = await samplerFor(deps, namespace, policy)
    } catch (error) {
      const silent = await silence({ deps, after, policy, missing: describeError(error), signal })
      if (!silent) return
      yield silent
      after = silent.t1
      continue
    }
    if (!sampler) return
    begun(sampler)
    yield* sampler.read({ ...request, after }, signal)
    return
  }
}

/** Intervals without data, for as long as it is not known what was counted before. */
export async function* unknown(
  { deps, request, signal }: Omit<Asking, 'begun'>,
  missing: string,
): AsyncGenerator<Reading> {
  for (let after = request.after; !signal.aborted;) {
    const silent = await silence({ deps, after, policy: request.policy, missing, signal })
    if (!silent) return
    yield silent
    after = silent.t1
  }
}

type Silence = { deps: Deps; after: number; policy: Policy; missing: string; signal: AbortSignal }

/** One interval, or as many as have passed already, without data. Undefined when the signal comes first. */
async function silence({ deps, after, policy, missing, signal }: Silence): Promise<Reading | undefined> {
  const intervals = Math.max(1, Math.floor((deps.now() / 1_000 - after) / policy.interval))
  const t1 = after + intervals * policy.interval
  try {
    await sleep(Math.max(0, t1 * 1_000 - deps.now()), undefined, { signal })
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
  return { t0: after, t1, cells: {}, missing }
}
