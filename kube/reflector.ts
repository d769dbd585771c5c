import { abortable, pause } from './abort.ts'
import { createBackoff } from './backoff.ts'
import { describeError, isGone, retryAfterMs } from './errors.ts'
import {
  keyOf,
  type Kube,
  type KubeObject,
  type Log,
  type ObjectList,
  type Reflector,
  type Resource,
  type Selector,
} from './types.ts'

export type ReflectOptions<T extends KubeObject = KubeObject> = Selector & {
  kube: Pick<Kube, 'list' | 'watch'>
  resource: Resource
  /** `namespace/name` of an object that appeared, changed or went. Called after the cache knows. */
  onChange: (key: string) => void
  log: Log
  /** What the cache keeps of an object; for kinds of which most is never looked at. */
  trim?: (object: T) => T
  /** Once per watch that ended in an error, and per relist. */
  onRestart?: (kind: string) => void
  /** A watch without any event for so long (bookmarks come every minute) is begun anew; default 3 minutes. */
  silenceMs?: number
}

/**
 * Lists once, then watches for ever; lists again only when the server has forgotten our resourceVersion. An idle one
 * costs a request every five to ten minutes. Cheap to make and to stop: with a labelSelector (or
 * `fieldSelector: metadata.name=…`) it is the way to follow a few pods, or one object, for the length of a release.
 */
export function reflect<T extends KubeObject>(options: ReflectOptions<T>): Reflector<T> {
  const { promise: synced, resolve: setSynced } = Promise.withResolvers<void>()
  const stopped = new AbortController()
  const cache = createCache<T>(options)
  const running = run(options, cache, setSynced, stopped.signal)
  return {
    synced,
    get: (key) => cache.objects.get(key),
    items: () => [...cache.objects.values()],
    lastActivity: () => cache.lastActivity,
    async stop() {
      stopped.abort()
      await running
    },
  }
}

type Cache<T extends KubeObject> = {
  objects: Map<string, T>
  resourceVersion: string | undefined
  lastActivity: number
  /** Puts a whole list, trimmed already, in the cache's place. */
  replace(list: ObjectList<T>): void
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: T): void
}

function createCache<T extends KubeObject>(options: ReflectOptions<T>): Cache<T> {
  const { onChange, log, resource, trim = (object: T) => object } = options
  // A handler that throws must not end the watch.
  function tell(key: string): void {
    try {
      onChange(key)
    } catch (error) {
      log.error({ kind: resource.kind, key, error: describeError(error) }, 'change handler failed')
    }
  }
  const cache: Cache<T> = {
    objects: new Map(),
    resourceVersion: undefined,
    lastActivity: Date.now(),
    replace({ items, resourceVersion }) {
      const before = cache.objects
      cache.objects = new Map(items.map((item) => [keyOf(item), item]))
      cache.resourceVersion = resourceVersion
      cache.lastActivity = Date.now()
      for (const key of before.keys()) if (!cache.objects.has(key)) tell(key)
      for (const [key, item] of cache.objects) {
        if (before.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) tell(key)
      }
    },
    apply(type, object) {
      cache.resourceVersion = object.metadata.resourceVersion
      cache.lastActivity = Date.now()
      if (type === 'BOOKMARK') return
      const key = keyOf(object)
      if (type === 'DELETED') cache.objects.delete(key)
      else cache.objects.set(key, trim(object))
      tell(key)
    },
  }
  return cache
}

/** The only owner of the loop: two of them would double every event and every request. */
async function run<T extends KubeObject>(
  options: ReflectOptions<T>,
  cache: Cache<T>,
  setSynced: () => void,
  stopped: AbortSignal,
): Promise<void> {
  const { kube, resource, log, onRestart, trim } = options
  const selector = selectorOf(options)
  const backoff = createBackoff({ baseMs: 200, capMs: 5_000 })
  let told: string | undefined
  while (!stopped.aborted) {
    const begun = Date.now()
    try {
      if (cache.resourceVersion === undefined) {
        cache.replace(await abortable(kube.list<T>(resource, selector, trim), stopped))
        setSynced()
      }
      await watchOnce(options, cache, { ...selector, resourceVersion: cache.resourceVersion ?? '' }, stopped)
      // A proxy that closes every watch at once must not make a hot loop of us.
      if (Date.now() - begun > 5_000) backoff.reset()
      else await pause(backoff.next(), stopped)
    } catch (error) {
      if (stopped.aborted) return
      onRestart?.(resource.kind)
      if (isGone(error)) cache.resourceVersion = undefined
      if (Date.now() - begun > 5_000) backoff.reset()
      const waitMs = retryAfterMs(error) ?? backoff.next()
      const words = describeError(error)
      const fields = { kind: resource.kind, relist: cache.resourceVersion === undefined, error: words }
      log[words === told ? 'debug' : 'warn'](fields, 'watch interrupted')
      told = words
      await pause(waitMs, stopped)
    }
  }
}

async function watchOnce<T extends KubeObject>(
  { kube, resource, silenceMs = 180_000 }: ReflectOptions<T>,
  cache: Cache<T>,
  from: Selector & { resourceVersion: string },
  stopped: AbortSignal,
): Promise<void> {
  const watch = new AbortController()
  const stop = (): void => watch.abort()
  stopped.addEventListener('abort', stop)
  let silence = setTimeout(stop, silenceMs)
  try {
    await kube.watch<T>(
      resource,
      from,
      ({ type, object }) => {
        clearTimeout(silence)
        silence = setTimeout(stop, silenceMs)
        cache.apply(type, object)
      },
      watch.signal,
      () => (cache.lastActivity = Date.now()),
    )
  } finally {
    clearTimeout(silence)
    stopped.removeEventListener('abort', stop)
  }
}

function selectorOf({ namespace, labelSelector, fieldSelector }: Selector): Selector {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}
