import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { KubeObject, Resource } from '../../kube/types.ts'
import type { Json } from './api-merge.ts'
import { admit } from './api-guard.ts'
import { createPeople, ENGINE_TOKEN } from './api-people.ts'
import { createStore, inPlace, Refusal, type Change, type Place, type Store, type Stored } from './api-store.ts'

export type Request = { method: string; path: string; query: URLSearchParams; headers: IncomingMessage['headers'] }
export type Interference =
  'reset' | 'hang' | { code: number; reason: string; message: string; headers?: Record<string, string> }

export type ApiServer = Awaited<ReturnType<typeof startApiServer>>

type Watch = { place: Place; query: URLSearchParams; response: ServerResponse }
type Target = Place & { name?: string; subresource?: string }

/**
 * An API server over HTTP that keeps objects in memory and does what real ones do where clients can tell: one
 * resourceVersion, list pages, watches with bookmarks and 410, status subresources, apply by manager, finalizers.
 */
export async function startApiServer() {
  const store = createStore()
  const watches = new Set<Watch>()
  const requests: Request[] = []
  const logs = new Map<string, string>()
  const people = createPeople()
  let served: Resource[] = []
  let interfere: (request: Request) => Interference | undefined = () => undefined
  store.onChange((change) => {
    for (const watch of watches) send(watch, change)
  })

  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '/', 'http://server')
    const request = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
    }
    requests.push(request)
    const interference = interfere(request)
    if (interference === 'reset') message.socket.resetAndDestroy()
    if (interference === 'reset' || interference === 'hang') return
    void answer(message, response, request, interference).catch((error: unknown) => refuse(response, error))
  })

  async function answer(
    message: IncomingMessage,
    response: ServerResponse,
    request: Request,
    refusal?: Interference & object,
  ) {
    const body = await bodyOf(message)
    if (refusal) {
      for (const [name, value] of Object.entries(refusal.headers ?? {})) response.setHeader(name, value)
      throw new Refusal(refusal.code, refusal.reason, refusal.message)
    }
    const token = people.authenticate(request.headers.authorization)
    const target = targetOf(request.path)
    if (request.method === 'GET' && request.query.get('watch') === 'true')
      return begin({ place: target, query: request.query, response })
    if (target.subresource === 'log') {
      const text = logOf(store, target, logs)
      return response.writeHead(200, { 'content-type': 'text/plain' }).end(text)
    }
    const result = people.review(request.path, token, body) ?? answerOf(request, target, body)
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(result))
  }

  function answerOf(request: Request, target: Target, body: Json): unknown {
    if (target.subresource === 'token') {
      const token = `token-of-${target.namespace}-${target.name}`
      return { ...(body as object), status: { token } }
    }
    if (/^\/(api|apis\/[^/]+)\/[^/]+$/.test(request.path)) return kindsOf(served, request.path)
    return serve(store, request, target, body)
  }

  function begin(watch: Watch): void {
    watch.response.writeHead(200, { 'content-type': 'application/json' })
    watch.response.flushHeaders()
    try {
      for (const change of store.since(Number(watch.query.get('resourceVersion')))) send(watch, change)
    } catch (error) {
      write(watch, { type: 'ERROR', object: statusOf(error) })
      watch.response.end()
      return
    }
    watches.add(watch)
    watch.response.on('close', () => watches.delete(watch))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const directory = mkdtempSync(join(tmpdir(), 'api-server-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  // A run that is interrupted does not come to the end of its tests.
  process.once('exit', remove)
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigFor(url))

  return {
    url,
    /** Path of a kubeconfig file for this server. */
    kubeconfig,
    store,
    /** What pods wrote, by name. */
    logs,
    /** Every request so far, oldest first. */
    requests,
    watches: () => watches.size,
    connections: () => promisify(server.getConnections.bind(server))(),
    /** The kinds that whoever asks is told of. */
    serves(kinds: Resource[]) {
      served = kinds
    },
    /** Nobody may do anything, whoever asks; it is done all the same. */
    denyRights() {
      people.allow(() => false)
    },
    people,
    interfere(rule: typeof interfere) {
      interfere = rule
    },
    /** As a user would: creates it, or merges it into what is there. */
    put(resource: Resource, object: KubeObject & Record<string, unknown>): Stored {
      const place = placeOf(resource, object.metadata.namespace)
      const name = object.metadata.name
      if (!store.list(place).some((one) => one.metadata.name === name)) return store.create(place, object)
      return store.merge(place, name, object as unknown as Json)
    },
    bookmark() {
      for (const watch of watches) {
        if (watch.query.get('allowWatchBookmarks') !== 'true') continue
        write(watch, { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(store.version()) } } })
      }
    },
    /** The server ends every watch, as it does at its timeout. */
    endWatches() {
      for (const watch of watches) watch.response.end()
      watches.clear()
    },
    resetWatches() {
      for (const watch of watches) watch.response.socket?.resetAndDestroy()
      watches.clear()
    },
    async stop() {
      process.off('exit', remove)
      remove()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function placeOf(resource: Resource, namespace?: string): Place {
  const collection = `${resource.group}/${resource.version}/${resource.plural}`
  return namespace === undefined ? { collection } : { collection, namespace }
}

function serve(store: Store, { method, query, headers }: Request, target: Target, body: Json): unknown {
  const { name, subresource } = target
  const place: Place = target
  if (method === 'GET' && name === undefined) return page(store, place, query)
  if (method === 'POST') {
    admit(store, target, body)
    const create = () => store.create(place, body as unknown as Stored)
    return query.get('dryRun') === 'All' ? store.rehearse(create) : create()
  }
  if (name === undefined) throw new Refusal(405, 'MethodNotAllowed', `${method} is not allowed here`)
  if (method === 'GET') return store.read(place, name)
  if (method === 'DELETE')
    return store.remove(place, name, (body as { preconditions?: { uid?: string } } | null)?.preconditions?.uid)
  if (method === 'PUT') return store.replace(place, name, body, subresource)
  switch (headers['content-type']) {
    case 'application/merge-patch+json':
      return store.merge(place, name, body, subresource)
    case 'application/apply-patch+yaml': {
      const manager = query.get('fieldManager')
      if (!manager) throw new Refusal(400, 'BadRequest', 'fieldManager is required for apply patch')
      const apply = () => store.apply(place, name, manager, body, subresource)
      return query.get('dryRun') === 'All' ? store.rehearse(apply) : apply()
    }
    default:
      throw new Refusal(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format: ${headers['content-type']}`,
      )
  }
}

function kindsOf(served: Resource[], path: string): unknown {
  const [group, version] = path.startsWith('/api/') ? ['', path.slice(5)] : path.slice('/apis/'.length).split('/')
  const found = served.filter((kind) => kind.group === group && kind.version === version)
  if (found.length === 0) throw new Refusal(404, 'NotFound', '404 page not found')
  return { resources: found.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced })) }
}

/** All of it, whatever part was asked for. */
function logOf(store: Store, { name = '', ...place }: Target, logs: Map<string, string>): string {
  store.read(place, name)
  const text = logs.get(name)
  if (text === undefined) throw new Refusal(400, 'BadRequest', `container in pod "${name}" is waiting to start`)
  return text
}

function page(store: Store, place: Place, query: URLSearchParams): unknown {
  const all = store.list(place).filter((object) => selects(query, object))
  const [from = 0, version = store.version()] = (query.get('continue') ?? '').split('.').filter(Boolean).map(Number)
  if (query.has('continue')) store.since(version)
  const limit = Number(query.get('limit') ?? all.length)
  const more = from + limit < all.length
  // Built-in kinds leave these two out in lists.
  const items = all
    .slice(from, from + limit)
    .map(({ apiVersion, kind, ...rest }) => (apiVersion.includes('.') ? { apiVersion, kind, ...rest } : rest))
  return {
    metadata: { resourceVersion: String(version), ...(more ? { continue: `${from + limit}.${version}` } : {}) },
    items,
  }
}

function send(watch: Watch, { type, place, object }: Change): void {
  if (inPlace(place, watch.place) && selects(watch.query, object)) write(watch, { type, object })
}

const write = (watch: Watch, event: unknown) => watch.response.write(`${JSON.stringify(event)}\n`)

/** Equality, presence and absence only, of one field at most. */
function selects(query: URLSearchParams, object: Stored): boolean {
  const { metadata } = object
  const labels = (query.get('labelSelector') ?? '').split(',').filter(Boolean)
  const [, path = '', unlike, wanted] = /^([\w.]+)(!?)=(.*)$/.exec(query.get('fieldSelector') ?? '') ?? []
  if (path && (fieldOf(object, path) === wanted) === (unlike === '!')) return false
  return labels.every((term) => {
    if (term.startsWith('!')) return metadata.labels?.[term.slice(1)] === undefined
    const [key = '', value] = term.split('=')
    return value === undefined ? metadata.labels?.[key] !== undefined : metadata.labels?.[key] === value
  })
}

const fieldOf = (object: object, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)

function targetOf(path: string): Target {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent)
  const [group, version] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest[1] : undefined
  const [plural, name, subresource] = namespace === undefined ? rest : rest.slice(2)
  return {
    collection: `${group}/${version}/${plural}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  }
}

async function bodyOf(message: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? null : (JSON.parse(text) as Json)
}

function statusOf(error: unknown) {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error))
  return { kind: 'Status', status: 'Failure', code: refusal.code, reason: refusal.reason, message: refusal.message }
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = statusOf(error)
  response.writeHead(status.code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(status))
}

/** client-node refuses plain HTTP unless TLS verification is off. */
const kubeconfigFor = (url: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'engine', user: { token: ENGINE_TOKEN } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'engine' } }],
    'current-context': 'fake',
  })
