import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parseDuration } from '../crds/duration.ts'
import { SOURCES } from '../crds/resources.ts'
import type { Source, SourceStatus } from '../crds/schema/source.ts'
import { describeError, type Kube, type Log, type Recorder } from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import type { Access } from './access.ts'
import { keyOf, type Item } from './items.ts'
import type { Kustomize } from './kustomize.ts'
import { pass, type Done, type PassDeps } from './pass.ts'
import { statusOf, writeStatus, type Outcome } from './status.ts'
import { isOfRepository } from './trouble.ts'

export type ReconcilerOptions = {
  kube: Pick<Kube, 'get' | 'apply'>
  access: Access
  events: Recorder
  log: Log
  reach: Reach
  /** What is fetched is kept here, a directory for each Source. */
  cache: string
  files?: string
  repositoryBytes?: number
  kustomize: () => Promise<Kustomize>
  find: (key: string) => Source | undefined
  sources: () => Source[]
  now: () => number
  signal: AbortSignal
}

/** Of all repositories together, as they are kept. */
const CACHE_BYTES = 2 * 1024 ** 3
const REPOSITORY_BYTES = 256 * 1024 ** 2
/** What may go by itself is tried again at least so often. */
const AGAIN_MS = 60_000

/** Looks at one Source, tells what became of it in its status and by an Event, and says when to look again. */
export function createReconciler(options: ReconcilerOptions) {
  const places = new Map<string, Place>()
  return async (key: string): Promise<{ requeueAfterMs?: number }> => {
    const [namespace = '', name = ''] = key.split('/')
    // Not the cached one: what it remembers of the last look has to be what was written then.
    const source = options.find(key) && (await options.kube.get<Source>({ resource: SOURCES, namespace, name }))
    if (!source) {
      const place = places.get(key)
      places.delete(key)
      if (place) await rm(place.directory, { recursive: true, force: true })
      return {}
    }
    // Another one of the same name begins with nothing.
    const directory = join(options.cache, source.metadata.uid ?? key.replace('/', '.'))
    const known = places.get(key)
    const place = known?.directory === directory ? known : { directory, kept: {} }
    places.set(key, place)
    return look(source, place, options)
  }
}

type Place = Pick<PassDeps, 'directory' | 'kept'>

async function look(source: Source, place: Place, options: ReconcilerOptions): Promise<{ requeueAfterMs?: number }> {
  const { kube, now } = options
  const inventory = source.status?.inventory ?? []
  const written: { status: SourceStatus | undefined } = { status: ownOf(source.status) }
  const write = async (status: SourceStatus): Promise<void> => {
    if (isDeepStrictEqual(status, written.status)) return
    await writeStatus(kube, source, status)
    written.status = status
  }
  if (source.spec.suspend) {
    const drift = source.status?.drift ?? []
    await write(statusOf(source, { isApplied: false, inventory, drift, message: 'spec.suspend is set' }, now()))
    return {}
  }
  const { outcome, done } = await pass(source, {
    ...options,
    ...place,
    limitBytes: Math.min(
      options.repositoryBytes ?? REPOSITORY_BYTES,
      CACHE_BYTES / Math.max(1, options.sources().length),
    ),
    isTaken: (other, item) => isTaken(options.find(other), item),
    remember: (entries) => write({ ...ownOf(source.status), inventory: entries }),
  })
  if (options.signal.aborted) return {}
  await write(statusOf(source, outcome, now()))
  await tell(source, outcome, done, options)
  const intervalMs = parseDuration(source.spec.interval)
  const isWaiting = !outcome.isApplied && outcome.trouble && !isOfRepository(outcome.trouble.reason)
  return { requeueAfterMs: isWaiting ? Math.min(intervalMs, AGAIN_MS) : intervalMs }
}

/** Without what a webhook writes. */
function ownOf(status: SourceStatus | undefined): SourceStatus {
  const { requestedAt: _, ...own } = status ?? {}
  return own
}

const isTaken = (other: Source | undefined, item: Item): boolean =>
  other?.status?.inventory?.some((entry) => keyOf(entry) === item.key) ?? false

const MOST_WORDS = 600

/** One Event for each commit that is applied, one for each that is refused, one for what is put back. */
async function tell(source: Source, outcome: Outcome, done: Done | undefined, options: ReconcilerOptions) {
  const { status: before, metadata } = source
  const { namespace = '', name, uid } = metadata
  const record = (type: 'Normal' | 'Warning', reason: string, action: string, note: string): Promise<void> => {
    const regarding = { resource: SOURCES, namespace, name, ...(uid === undefined ? {} : { uid }) }
    options.log[type === 'Normal' ? 'info' : 'warn']({ source: `${namespace}/${name}` }, note)
    return options.events
      .record({ regarding, type, reason, action, note })
      .catch((error: unknown) => options.log.warn({ error: describeError(error) }, 'an Event was not recorded'))
  }
  const { attempted } = outcome
  if (outcome.isApplied && done && attempted) {
    const changes = changesOf(done)
    if (attempted.hash !== before?.commit) {
      const note = `${attempted.hash.slice(0, 10)} by ${attempted.author}: ${attempted.message}: ${changes || 'nothing had to be changed'}`
      await record('Normal', 'CommitApplied', 'Apply', note)
    } else if (done.putBack.length > 0) {
      await record(
        'Normal',
        'DriftPutBack',
        'Apply',
        `${cut(done.putBack.join(', '))} put back to ${attempted.hash.slice(0, 10)}`,
      )
    }
    return
  }
  const ready = before?.conditions?.find(({ type }) => type === 'Ready')
  if (!outcome.isApplied && outcome.trouble && ready?.message !== outcome.message) {
    await record('Warning', outcome.trouble.reason, 'Apply', outcome.message)
  }
}

function changesOf({ created, changed, deleted }: Done): string {
  const parts = Object.entries({ created, changed, deleted }).filter(([, words]) => words.length > 0)
  return cut(parts.map(([verb, words]) => `${verb} ${words.join(', ')}`).join('; '))
}

const cut = (words: string): string => (words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS - 1)}…` : words)
