import type { SampleRequest, Sampler } from '../analysis/index.ts'
import type { StreamsRequest } from '../analysis/sampler.ts'
import { formatDuration } from '../crds/duration.ts'
import { revisionObject, sideObject } from '../crds/names.ts'
import type { Policy } from '../crds/policy.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import { readings, requestOf } from './asking.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import type { RolloutRef } from './picture.ts'
import { getRollout } from './rollouts.ts'
import { releaseAt } from './storage.ts'

export type QuietInput = {
  ref: RolloutRef
  /** The release whose policy says how to ask. */
  release: number
  revision: Revision
  /** Epoch seconds at which its traffic was taken. */
  since: number
  /** Epoch seconds from which on, for so long at most, the pods are kept for what is still open. */
  drainSince: number
  drainMs: number
  /** It was told that streams are open. */
  toldOpen?: boolean
}

const QUIET_ROWS = 2
/** Place of the revision's requests in a cell, after those of the apex. */
const OWN = 1

/** `waitingFor`: not yet, and why; ask again. `isOpen`: streams are open. */
export type QuietResult = { waitingFor?: string; isOpen?: true }

/**
 * Returns when a revision had no request in two complete rows, and nothing is open to it as far as callers' proxies show
 * that; for the latter it waits no longer than `drainMs`. Silence of Prometheus is no proof, and requests that do not end
 * are none: after the release's data deadline it returns why it still waits.
 */
export function awaitQuiet(deps: Deps, input: QuietInput): Promise<QuietResult> {
  return heartbeating(async (signal) => {
    const request = await requestAbout(deps, input)
    const result = request ? await twoQuietRows(deps, request, input, signal) : {}
    signal.throwIfAborted()
    return result
  })
}

async function twoQuietRows(
  deps: Deps,
  request: SampleRequest,
  input: QuietInput,
  signal: AbortSignal,
): Promise<QuietResult> {
  let sampler: Sampler | undefined
  let quiet = 0
  let told = request.after
  const begun = (found: Sampler): void => void (sampler = found)
  for await (const { t0, t1, cells, missing } of readings({ deps, request, begun, signal })) {
    const counted = Object.values(cells)
    if (counted.length > 0) told = t1
    else if (t1 - told >= request.policy.dataDeadline) return { waitingFor: silence(input, t1 - told, missing) }
    if (t0 < input.since || counted.length === 0) continue
    quiet = counted.every((cell) => cell[OWN] === 0) ? quiet + 1 : 0
    if (quiet < QUIET_ROWS) {
      if (t1 - request.after >= request.policy.dataDeadline) return { waitingFor: busy(input) }
      continue
    }
    if (t1 > input.drainSince + input.drainMs / 1_000) break
    const open = await sampler?.streams(streamsOf(input, request), signal)
    if (open === 0) break
    if (open !== undefined && !input.toldOpen) return { waitingFor: openWords(input, open), isOpen: true }
  }
  return {}
}

function streamsOf({ ref, revision }: QuietInput, { canary: apex, policy }: SampleRequest): StreamsRequest {
  const { namespace, name } = ref
  const workload = revisionObject(name, revision)
  const services = [workload, sideObject(name, revision)]
  return { namespace, workload, services, apex, seconds: QUIET_ROWS * policy.interval }
}

const openWords = ({ revision, drainMs }: QuietInput, open: number): string =>
  `Revision ${revision} keeps its pods: ${open} ${open === 1 ? 'stream is' : 'streams are'} still open, or as many requests at any time; they go after ${formatDuration(drainMs)} (spec.drain) at the latest`

const busy = ({ revision }: QuietInput): string =>
  `Revision ${revision} keeps its pods: requests still reach it, although no route of this Rollout names it`

function silence({ revision }: QuietInput, seconds: number, missing: string | undefined): string {
  const why = missing === undefined ? '' : ` (${missing})`
  return `Revision ${revision} keeps its pods: for ${formatDuration(seconds * 1_000)} nobody could say whether requests still reach it${why}`
}

/**
 * Undefined where the release is gone: then there is nobody to ask. Requests are counted, whatever was watched. At rest
 * the apex has them all: as long as proxies tell of it, what they do not tell of the revision did not happen.
 */
async function requestAbout(
  deps: Deps,
  { ref, release, revision, since }: QuietInput,
): Promise<SampleRequest | undefined> {
  const [found, rollout] = await Promise.all([
    deps.kube.get<Release>(releaseAt(ref, release)),
    getRollout(deps.kube, ref),
  ])
  if (!rollout || found?.spec.from === undefined) return undefined
  const policy: Policy = { ...found.spec.policy, metrics: [{ name: 'requests', kind: 'requests' }] }
  // Nothing older than the two rows that count is asked for, however long this has lasted.
  const first = Math.max(since, deps.now() / 1_000 - (QUIET_ROWS + 1) * policy.interval)
  const after = Math.floor(first / policy.interval) * policy.interval
  const arms = { ref, canary: found.spec.revision, stable: found.spec.from }
  const hosts = { canary: rollout.spec.service.name, baseline: revisionObject(ref.name, revision) }
  return { ...requestOf(found, arms, policy), ...hosts, isAlone: true, after }
}
