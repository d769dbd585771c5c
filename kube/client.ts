import { pause } from './abort.ts'
import { createBackoff } from './backoff.ts'
import { headersFor, loadConfig, withToken, type ConfigOptions } from './config.ts'
import { apiException, isGone, isNotFound, isTransient, retryAfterMs, type Status } from './errors.ts'
import { apiVersionOf, collectionPath, creationPath, objectPath } from './path.ts'
import { endOfLog, MOST_BYTES } from './log-tail.ts'
import { createTransport, openAgent, type Transport } from './transport.ts'
import type { Kube, KubeObject, ObjectList, Ref, Resource, Selector, WatchEvent } from './types.ts'

export type KubeOptions = ConfigOptions & {
  /** Of one request (a retried read gets it per attempt); default 10 s. */
  timeoutMs?: number
  /** A read that has taken so long is not tried again; default: all attempts, however long they take. */
  retryForMs?: number
}

/** Reads: this many attempts in all. */
const ATTEMPTS = 4
/** The server's Retry-After is honoured up to here. */
const LONGEST_WAIT_MS = 10_000
const PAGE = 500
/** One watch request. Random within the range, so that many watches do not end together. */
const WATCH_SECONDS = { least: 300, most: 600 }

/** Throws when the kubeconfig cannot be used; makes no request. */
export function createKube({ timeoutMs = 10_000, retryForMs = Infinity, ...options }: KubeOptions = {}): Kube {
  const transport = createTransport(loadConfig(options), { headers: headersFor(options) })
  return kubeOver(transport, { timeoutMs, retryForMs })
}

/**
 * A door for everybody who brings a bearer token: the kubeconfig says only where the API server is, its own credentials
 * stay out, and connections are shared. Throws and asks as `createKube` does.
 */
export function createKubeDoor({ timeoutMs = 10_000, retryForMs = Infinity, ...options }: KubeOptions = {}): (
  token: string,
) => Kube {
  const config = loadConfig(options)
  const agent = openAgent(config)
  return (token) => kubeOver(createTransport(withToken(config, token), { agent }), { timeoutMs, retryForMs })
}

type Patience = Required<Pick<KubeOptions, 'timeoutMs' | 'retryForMs'>>

function kubeOver(transport: Transport, patience: Patience): Kube {
  const { timeoutMs } = patience
  return {
    ...reads(transport, patience),
    ...writes(transport, timeoutMs),
    watch: watching(transport, timeoutMs),
    logTail: (pod, options) => logTail(transport, patience, pod, options),
    log: (pod, options, onLine, signal) =>
      transport.stream(
        { method: 'GET', path: logPath(pod, options) },
        { signal, headersWithinMs: timeoutMs, onOpen: () => undefined, onLine },
      ),
  }
}

function reads(transport: Transport, patience: Patience): Pick<Kube, 'get' | 'list' | 'kinds'> {
  const read = <T>(path: string): Promise<T> =>
    retried(patience, () => transport.request<T>({ method: 'GET', path }, patience.timeoutMs))
  type Page<T> = { items: T[]; metadata: { resourceVersion: string; continue?: string } }

  async function list<T extends KubeObject>(
    resource: Resource,
    { namespace, ...selector }: Selector = {},
    keep = (item: T): T => item,
  ): Promise<ObjectList<T>> {
    const at = async (query: object): Promise<Page<T>> => {
      const { items, metadata } = await read<Page<T>>(collectionPath(resource, namespace, { ...selector, ...query }))
      return { items: items.map((item) => keep(withKind(resource, item))), metadata }
    }
    let page = await at({ limit: PAGE })
    const items = page.items
    while (page.metadata.continue) {
      try {
        page = await at({ limit: PAGE, continue: page.metadata.continue })
      } catch (error) {
        if (!isGone(error)) throw error
        page = await at({}) // compacted between two pages: all in one
        items.length = 0
      }
      items.push(...page.items)
    }
    return { items, resourceVersion: page.metadata.resourceVersion }
  }

  return {
    async get<T extends KubeObject>(ref: Parameters<Kube['get']>[0]) {
      try {
        return await read<T>(objectPath(ref))
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    list,
    kinds: (apiVersion) => kindsOf(apiVersion, read),
  }
}

type Kinds = { resources: { name: string; kind: string; namespaced: boolean }[] }

async function kindsOf(apiVersion: string, read: <T>(path: string) => Promise<T>): Promise<Resource[] | undefined> {
  const [group, version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const root = group ? `/apis/${encodeURIComponent(group)}` : '/api'
  try {
    const { resources } = await read<Kinds>(`${root}/${encodeURIComponent(version)}`)
    return resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ group: group ?? '', version, plural: name, kind, namespaced }))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function writes(
  transport: Transport,
  timeoutMs: number,
): Pick<Kube, 'create' | 'apply' | 'mergePatch' | 'replace' | 'delete'> {
  return {
    create(resource, object, { fieldManager, dryRun } = {}) {
      const query = { fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) }
      const path = creationPath(resource, object.metadata.namespace, query)
      return transport.request({ method: 'POST', path, body: object }, timeoutMs)
    },
    apply(resource, object, { fieldManager, force, subresource, dryRun }) {
      const ref = { resource, name: object.metadata.name, ...namespaceOf(object) }
      const path = objectPath(ref, subresource, { fieldManager, force, ...(dryRun ? { dryRun: 'All' } : {}) })
      return transport.request(
        { method: 'PATCH', path, body: object, contentType: 'application/apply-patch+yaml' },
        timeoutMs,
      )
    },
    mergePatch: (ref, patch, { fieldManager, subresource } = {}) =>
      transport.request(
        {
          method: 'PATCH',
          path: objectPath(ref, subresource, { fieldManager }),
          body: patch,
          contentType: 'application/merge-patch+json',
        },
        timeoutMs,
      ),
    replace(resource, object, { subresource } = {}) {
      const ref = { resource, name: object.metadata.name, ...namespaceOf(object) }
      return transport.request({ method: 'PUT', path: objectPath(ref, subresource), body: object }, timeoutMs)
    },
    delete: (ref, options) => remove(transport, timeoutMs, ref, options),
  }
}

async function remove(
  transport: Transport,
  timeoutMs: number,
  ref: Ref,
  { uid, graceSeconds, propagation }: Parameters<Kube['delete']>[1] = {},
): Promise<void> {
  const body = {
    ...(uid === undefined ? {} : { preconditions: { uid } }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
  }
  try {
    await transport.request({ method: 'DELETE', path: objectPath(ref), body }, timeoutMs)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function watching(transport: Transport, timeoutMs: number): Kube['watch'] {
  return async function watch<T extends KubeObject>(
    resource: Resource,
    { namespace, ...from }: Parameters<Kube['watch']>[1],
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
    onOpen = () => undefined,
  ): Promise<void> {
    const { least, most } = WATCH_SECONDS
    const timeoutSeconds = Math.round(least + Math.random() * (most - least))
    const path = collectionPath(resource, namespace, {
      ...from,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds,
    })
    function onLine(line: string): void {
      const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: Status }
      if (event.type !== 'ERROR') return onEvent({ ...event, object: withKind(resource, event.object) })
      throw apiException(`watch of ${resource.plural}`, event.object.code ?? 500, JSON.stringify(event.object))
    }
    await transport.stream({ method: 'GET', path }, { signal, headersWithinMs: timeoutMs, onOpen, onLine })
  }
}

const logPath = (
  { namespace, name }: { namespace: string; name: string },
  { container, follow, tail, since, previous }: Parameters<Kube['log']>[1],
): string =>
  objectPath({ resource: PODS, namespace, name }, 'log', {
    container,
    follow,
    previous,
    tailLines: tail,
    sinceSeconds: since,
  })

const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }

/** Whoever writes without end is read from the beginning of his last lines, and only so far. */
async function logTail(
  transport: Transport,
  patience: Patience,
  { namespace, name }: { namespace: string; name: string },
  { container, lines, bytes }: Parameters<Kube['logTail']>[1],
): Promise<string> {
  const path = objectPath({ resource: PODS, namespace, name }, 'log', {
    container,
    tailLines: lines,
    limitBytes: MOST_BYTES,
  })
  const text = await retried(patience, () => transport.text({ method: 'GET', path }, patience.timeoutMs))
  return endOfLog(text, { lines, bytes })
}

async function retried<T>({ retryForMs }: Patience, attempt: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const backoff = createBackoff({ baseMs: 100, capMs: 2_000 })
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      const isLast = count === ATTEMPTS || performance.now() - began >= retryForMs
      if (isLast || isGone(error) || !isTransient(error)) throw error
      await pause(Math.min(LONGEST_WAIT_MS, retryAfterMs(error) ?? backoff.next()))
    }
  }
}

/** Lists and watches of built-in kinds leave out what their address says already. */
function withKind<T extends KubeObject>(resource: Resource, object: T): T {
  object.apiVersion ??= apiVersionOf(resource)
  object.kind ??= resource.kind
  return object
}

const namespaceOf = ({ metadata: { namespace } }: KubeObject) => (namespace === undefined ? {} : { namespace })
