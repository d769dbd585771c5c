import { Context } from '@temporalio/activity'
import type { SampleRequest, Sampler } from '../analysis/index.ts'
import { releaseObject, revisionObject } from '../crds/names.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import { samplerFor } from './credentials.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

export type QuietInput = {
  ref: RolloutRef
  /** The release whose policy says how to ask. */
  release: number
  revision: Revision
  /** Epoch seconds at which its traffic was taken. */
  since: number
  /** What still comes after this long are open streams. */
  drainMs: number
}

const HEARTBEAT_MS = 2_000
const QUIET_ROWS = 2

/** Returns when a revision had no request in two complete rows. Without data it waits: silence of Prometheus is no proof. */
export async function awaitQuiet(deps: Deps, input: QuietInput): Promise<void> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    const asked = await request(deps, input)
    if (asked) await twoQuietRows(asked, input, context.cancellationSignal)
    context.cancellationSignal.throwIfAborted()
  } finally {
    clearInterval(beat)
  }
}

type Asked = { sampler: Sampler; request: SampleRequest }

async function twoQuietRows({ sampler, request }: Asked, input: QuietInput, signal: AbortSignal): Promise<void> {
  let quiet = 0
  const own = request.canary === revisionObject(input.ref.name, input.revision) ? 0 : 1
  for await (const reading of sampler.read(request, signal)) {
    const counted = Object.values(reading.cells)
    if (reading.t0 < input.since || counted.length === 0) continue
    quiet = counted.every((cell) => cell[own] === 0) ? quiet + 1 : 0
    if (quiet === QUIET_ROWS || reading.t1 > input.since + input.drainMs / 1_000) return
  }
}

/** Undefined where the release has no Prometheus, or is gone: then there is nobody to ask. */
async function request(deps: Deps, { ref, release, since }: QuietInput): Promise<Asked | undefined> {
  const found = await deps.kube.get<Release>({
    resource: RELEASES,
    namespace: ref.namespace,
    name: releaseObject(ref.name, release),
  })
  if (found?.spec.from === undefined) return undefined
  const { policy, revision, from } = found.spec
  const request: SampleRequest = {
    namespace: ref.namespace,
    canary: revisionObject(ref.name, revision),
    baseline: revisionObject(ref.name, from),
    rollout: ref.name,
    revisions: { canary: revision, baseline: from },
    policy,
    startedAt: Date.parse(found.metadata.creationTimestamp ?? '') / 1_000,
    after: Math.floor(since / policy.interval) * policy.interval,
  }
  const sampler = await samplerFor(deps, ref.namespace, policy)
  return sampler && { sampler, request }
}
