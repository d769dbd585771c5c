import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { LOOK } from '../crds/names.ts'
import { SOURCES } from '../crds/resources.ts'
import type { Source } from '../crds/schema/source.ts'
import {
  createQueue,
  describeError,
  isForbidden,
  isNotFound,
  pause,
  reflect,
  type Kube,
  type Log,
  type Recorder,
  type Reflector,
} from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import { createAccess } from './access.ts'
import { createHooks, type Hooks } from './hooks.ts'
import { findKustomize, type Kustomize } from './kustomize.ts'
import { createReconciler } from './reconcile.ts'

export type SourcesOptions = {
  kube: Kube
  /** Opens the API server to whoever brings a token. */
  door: (token: string) => Kube
  events: Recorder
  log: Log
  /** Whom a Source may name. */
  reach: Reach
  /** Folder under which repositories may be that are named by file://; without it there are none. */
  files?: string
  /** A repository that needs more is refused; less where there are many. Default 256 MiB. */
  repositoryBytes?: number
  /** Path of kustomize, or of a kubectl; default: what `$PATH` has. */
  kustomize?: string
  /** Others apply; webhooks are received all the same. Default: it applies from the start. */
  standby?: boolean
  /** How often it is looked whether Sources may be read by now. Default 15 s. */
  lookMs?: number
  now?: () => number
}

export type Sources = {
  /** `POST /hooks/<namespace>/<name>`. */
  hooks: Hooks
  setLeading(leading: boolean): void
  stop(): Promise<void>
}

const LOOK_MS = 15_000
const AT_ONCE = 4
/** One slot is left to other namespaces: who has many slow repositories holds up only himself. */
const AT_ONCE_OF_NAMESPACE = AT_ONCE - 1
const AFTER_OTHERS_MS = 500

/**
 * Git branches → applied objects. Optional: where the engine may not list Sources, or there is no such kind, it asks
 * again now and then and does nothing else. Returns at once.
 */
export function startSources(options: SourcesOptions): Sources {
  const state: State = { options, leading: !options.standby, seen: new Map(), end: new AbortController() }
  state.running = run(state).catch((error: unknown) =>
    options.log.error({ error: describeError(error) }, 'Sources are not looked at'),
  )
  const { kube, door } = options
  return {
    hooks: createHooks({
      kube,
      access: createAccess({ kube, door }),
      find: (key) => state.reflector?.get(key),
      now: options.now ?? Date.now,
    }),
    setLeading(leading) {
      state.leading = leading
      if (leading) for (const source of state.reflector?.items() ?? []) state.wake?.(keyOf(source))
    },
    async stop() {
      state.end.abort()
      await state.running
    },
  }
}

type State = {
  options: SourcesOptions
  leading: boolean
  /** What of a Source was the occasion of the last look; its status is ours, and none. */
  seen: Map<string, string>
  end: AbortController
  reflector?: Reflector<Source>
  wake?: (key: string) => void
  running?: Promise<void>
}

async function run(state: State): Promise<void> {
  const { options, end, seen } = state
  if (!(await untilEnabled(options, end.signal))) return
  const cache = await openCache()
  const reconcile = createReconciler({
    ...options,
    cache,
    kustomize: kustomizeOf(options),
    access: createAccess(options),
    sources: () => state.reflector?.items() ?? [],
    find: (key) => state.reflector?.get(key),
    signal: end.signal,
    now: options.now ?? Date.now,
  })
  const queue = createQueue({
    log: options.log,
    concurrency: AT_ONCE,
    backoffCapMs: 30_000,
    reconcile: inTurn(async (key) => (state.leading && !end.signal.aborted ? reconcile(key) : {})),
  })
  state.wake = (key) => queue.add(key)
  state.reflector = reflect<Source>({
    kube: options.kube,
    log: options.log,
    resource: SOURCES,
    onChange(key) {
      const source = state.reflector?.get(key)
      const occasion = occasionOf(source)
      if (seen.get(key) === occasion) return
      if (source) seen.set(key, occasion)
      else seen.delete(key)
      if (state.leading) queue.add(key)
    },
  })
  options.log.info({}, 'Sources are looked at')
  await untilAborted(end.signal)
  await queue.stop()
  await state.reflector.stop()
  await rm(cache, { recursive: true, force: true })
}

/** One that has aborted already tells no listener. */
const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))

type Reconcile = (key: string) => Promise<{ requeueAfterMs?: number }>

/** No namespace takes all slots. */
function inTurn(reconcile: Reconcile): Reconcile {
  const working = new Map<string, number>()
  return async (key) => {
    const namespace = key.slice(0, key.indexOf('/'))
    const others = working.get(namespace) ?? 0
    if (others >= AT_ONCE_OF_NAMESPACE) return { requeueAfterMs: AFTER_OTHERS_MS }
    working.set(namespace, others + 1)
    try {
      return await reconcile(key)
    } finally {
      const left = (working.get(namespace) ?? 1) - 1
      if (left > 0) working.set(namespace, left)
      else working.delete(namespace)
    }
  }
}

const occasionOf = (source: Source | undefined): string =>
  JSON.stringify([
    source?.metadata.uid,
    source?.metadata.generation,
    source?.metadata.annotations?.[LOOK],
    source?.status?.requestedAt,
  ])

const keyOf = ({ metadata }: Source): string => `${metadata.namespace}/${metadata.name}`

/** Looked for once, when it is needed first. */
function kustomizeOf({ kustomize }: SourcesOptions): () => Promise<Kustomize> {
  let found: Promise<Kustomize> | undefined
  return () => (found ??= kustomize === undefined ? findKustomize() : Promise.resolve(kustomize))
}

/** False when stopped before. */
async function untilEnabled({ kube, log, lookMs = LOOK_MS }: SourcesOptions, end: AbortSignal): Promise<boolean> {
  let told = ''
  while (!end.aborted) {
    const words = await kube.list(SOURCES).then(
      () => undefined,
      (error: unknown) => (isForbidden(error) || isNotFound(error) ? 'Sources are not enabled' : describeError(error)),
    )
    if (words === undefined) return true
    if (words !== told) log.info({}, words)
    told = words
    await pause(lookMs, end)
  }
  return false
}

const PREFIX = 'sluice-source-'

/** A directory for this process, readable by nobody else; what killed ones left is cleared away. */
async function openCache(): Promise<string> {
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX) && !isAlive(pidOf(name)))
  await Promise.all(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })))
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
}

const pidOf = (name: string): number => Number(name.slice(PREFIX.length).split('-')[0])

/** Our own number on what was left is that of a container before. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
