import { ApplicationFailure, Context } from '@temporalio/activity'
import {
  appendRow,
  decodeLedger,
  encodeLedger,
  ledgerHash,
  type Ledger,
  type Reading,
  type Row,
  type SampleRequest,
} from '../analysis/index.ts'
import { formatDuration } from '../crds/duration.ts'
import { releaseObject, revisionObject } from '../crds/names.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Policy } from '../crds/policy.ts'
import type { Explanation } from '../crds/verdict.ts'
import { isConflict } from '../kube/index.ts'
import { samplerFor } from './credentials.ts'
import type { Deps } from './deps.ts'
import { cursor } from './rows.ts'
import type { WatchInput } from './watch.ts'

/** The ledger of one release, as this attempt knows it; it lives in the Release object. */
export type Record = {
  ledger(): Ledger
  hash(): string
  readings(signal: AbortSignal): AsyncIterable<Reading>
  /** False when the row is known already. */
  add(row: Row): boolean
  /** Counts and verdict at most every max(interval, 10 s), rows at most every 60 s; `now` writes everything. */
  write(explanation: Explanation, now: boolean): Promise<void>
  /** A sentence once there was no data for the whole data deadline. */
  silentFor(explanation: Explanation): string | undefined
}

const STATUS_EVERY_MS = 10_000
const LEDGER_EVERY_MS = 60_000
const ATTEMPTS = 5

export async function openRecord(deps: Deps, input: WatchInput): Promise<Record> {
  const at = { resource: RELEASES, namespace: input.ref.namespace, name: releaseObject(input.ref.name, input.release) }
  const release = await needRelease(deps, at)
  const stored = release.status?.ledger === undefined ? undefined : decodeLedger(release.status.ledger)
  const sampler = await samplerFor(deps, input.ref.namespace, release.spec.policy)
  const request = requestOf(release, input, stored?.policy ?? release.spec.policy)
  const { canary, baseline, policy } = request
  let known: Ledger = stored ?? { v: 1, canary, baseline, policy, sources: sampler?.sources(request) ?? [], rows: [] }
  return {
    ledger: () => known,
    hash: () => ledgerHash(known),
    readings: (signal) => sampler?.read({ ...request, after: cursor(known, input.marks) }, signal) ?? nothing(),
    add(row) {
      if (row.t1 <= (known.rows.at(-1)?.t1 ?? 0)) return false
      known = appendRow(known, row)
      return true
    },
    write: writer(deps, at, input.epoch, () => known),
    silentFor: (explanation) => silence(explanation, known),
  }
}

function requestOf(release: Release, { ref, canary, stable }: WatchInput, policy: Policy): SampleRequest {
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

function writer(deps: Deps, at: At, epoch: number, ledger: () => Ledger): Record['write'] {
  const writtenAt = { status: 0, ledger: deps.now() }
  return async (explanation, now) => {
    const known = ledger()
    const statusDue = now || deps.now() - writtenAt.status >= Math.max(known.policy.interval * 1_000, STATUS_EVERY_MS)
    const ledgerDue = now || deps.now() - writtenAt.ledger >= LEDGER_EVERY_MS
    if (!statusDue && !ledgerDue) return
    const status = { epoch, verdict: explanation, counts: countsOf(known) }
    await writeStatus(deps, at, epoch, { ...status, ...(ledgerDue ? { ledger: encodeLedger(known) } : {}) })
    writtenAt.status = deps.now()
    if (ledgerDue) writtenAt.ledger = deps.now()
  }
}

function silence({ reason, sentence }: Explanation, { rows, policy }: Ledger): string | undefined {
  if (reason !== 'noData') return undefined
  const spoke = rows.findLast((row) => Object.keys(row.cells).length > 0)?.t1 ?? rows[0]?.t0 ?? 0
  const seconds = (rows.at(-1)?.t1 ?? 0) - spoke
  if (seconds < policy.dataDeadline) return undefined
  const lasted = formatDuration(seconds * 1_000)
  return `${sentence} This has lasted ${lasted}, longer than analysis.dataDeadline: somebody has to look; promote or abort.`
}

/** Without Prometheus there is nothing to read: pods alone are watched, and the plan goes by the clock. */
async function* nothing(): AsyncGenerator<Reading> {}

type At = { resource: typeof RELEASES; namespace: string; name: string }

async function needRelease(deps: Deps, at: At): Promise<Release> {
  const release = await deps.kube.get<Release>(at)
  if (release) return release
  throw ApplicationFailure.nonRetryable(`Release ${at.namespace}/${at.name} is gone`, 'ReleaseGone')
}

/** An attempt that has not yet heard of its end must not overwrite its successor: epoch and resourceVersion decide. */
async function writeStatus(
  deps: Deps,
  at: At,
  epoch: number,
  status: Partial<Release['status']> & object,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const release = await needRelease(deps, at)
    if ((release.status?.epoch ?? 0) > epoch)
      throw ApplicationFailure.nonRetryable('a newer watch has taken over', 'Outdated')
    const { resourceVersion } = release.metadata
    try {
      await deps.kube.mergePatch(at, { metadata: { resourceVersion }, status }, { subresource: 'status' })
      return
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
      Context.current().log.debug('the Release was written meanwhile, reading it again', { release: at.name, attempt })
    }
  }
}

function countsOf({ policy, rows }: Ledger): NonNullable<Release['status']>['counts'] & object {
  const metric = policy.metrics.find((found) => found.kind === 'requests') ?? policy.metrics[0]
  const counts = { canary: { requests: 0, failed: 0 }, stable: { requests: 0, failed: 0 } }
  for (const { cells } of rows) {
    const key = Object.keys(cells).find((name) => name === metric?.name || name.startsWith(`${metric?.name}:`))
    const [nc, nb, xc, xb] = (key !== undefined && cells[key]) || [0, 0, 0, 0]
    counts.canary.requests += nc
    counts.stable.requests += nb
    counts.canary.failed += xc
    counts.stable.failed += xb
  }
  return counts
}
