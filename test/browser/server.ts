import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sight } from '../../api/sight.ts'
import type { DecisionRequest } from '../../api/views.ts'
import { decisionOf } from './world/sights.ts'
import { fleetViews, gateViews, pageView, releaseViews, type Person } from './views.ts'

/**
 * Speaks what api/views.ts says, from real objects through the API's own views, and keeps them in memory. What people
 * may is a list; what the engine does to a decision is up to the test.
 */
export type World = {
  url: string
  /** Changes one Rollout; every open page hears of it. */
  change(key: string, change: (sight: Sight) => Sight): void
  /** The process ends: streams break off, nobody answers. */
  stop(): Promise<void>
  /** It comes back on the same port. */
  start(): Promise<void>
}

type Options = {
  sights: Sight[]
  people: Record<string, Person>
  engine?: (world: World, key: string, said: DecisionRequest) => void
}

const PAGE = fileURLToPath(new URL('../../dist/ui', import.meta.url))
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}
/** What the API sends with every page. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

export async function openWorld({ sights, people, engine }: Options): Promise<World> {
  const known = new Map(sights.map((sight) => [keyOf(sight), sight]))
  const listeners = new Set<(key: string) => void>()
  let server: Server | undefined
  let port = 0
  const world: World = {
    url: '',
    change(key, change) {
      const sight = known.get(key)
      if (!sight) throw new Error(`there is no Rollout ${key}`)
      known.set(key, change(sight))
      for (const listener of listeners) listener(key)
    },
    async stop() {
      const closed = new Promise((resolve) => server?.close(resolve))
      server?.closeAllConnections()
      await closed
    },
    async start() {
      server = createServer((request, response) => void answer(request, response))
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
      world.url = `http://127.0.0.1:${port}`
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', world.url)
    if (!pathname.startsWith('/api/')) return file(pathname, response)
    const person = people[/session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '']
    if (pathname === '/api/session') return session(request, response, person)
    if (!person) return json(response, 401, { error: 'Sign in first.' })
    if (pathname === '/api/me') return json(response, 200, person.me)
    if (pathname === '/api/stream') return fleetStream(request, response)
    if (pathname === '/api/gates') return json(response, 200, gateViews([...known.values()], person))
    const [, namespace, name, part, number] =
      /^\/api\/rollouts\/([^/]+)\/([^/]+)(?:\/([a-z]+))?(?:\/(\d+))?$/.exec(pathname) ?? []
    const key = `${namespace}/${name}`
    const sight = known.get(key)
    if (!sight) return json(response, 404, { error: `there is no Rollout ${key}` })
    if (part === 'stream') return pageStream(key, person, request, response)
    if (part === 'decisions') return decide(key, person, request, response)
    if (part !== 'releases') return json(response, 200, pageView(sight, person))
    const releases = releaseViews(sight)
    if (number === undefined)
      return json(
        response,
        200,
        releases.map((one) => ({ ...one, rows: [] })),
      )
    return json(
      response,
      200,
      releases.find((one) => one.number === Number(number)),
    )
  }

  async function session(
    request: IncomingMessage,
    response: ServerResponse,
    person: Person | undefined,
  ): Promise<void> {
    if (request.method === 'GET') return json(response, 200, { signedIn: person !== undefined })
    if (request.method === 'DELETE') response.setHeader('set-cookie', 'session=; Max-Age=0; Path=/')
    if (request.method === 'DELETE') return json(response, 200, {})
    const { token } = (await bodyOf(request)) as { token: string }
    if (!people[token]) return json(response, 401, { error: 'The API server does not know this token.' })
    response.setHeader('set-cookie', `session=${token}; HttpOnly; SameSite=Strict; Path=/`)
    return json(response, 200, people[token].me)
  }

  function fleetStream(request: IncomingMessage, response: ServerResponse): void {
    open(response)
    tell(response, 'snapshot', { rollouts: fleetViews([...known.values()]) })
    follow(request, (key) => {
      const sight = known.get(key)
      if (sight) tell(response, 'rollout', fleetViews([sight])[0])
      else tell(response, 'gone', { key })
    })
  }

  function pageStream(asked: string, person: Person, request: IncomingMessage, response: ServerResponse): void {
    open(response)
    const say = () => {
      const sight = known.get(asked)
      if (sight) tell(response, 'page', pageView(sight, person))
    }
    say()
    follow(request, (key) => key === asked && say())
  }

  function follow(request: IncomingMessage, listener: (key: string) => void): void {
    listeners.add(listener)
    request.on('close', () => listeners.delete(listener))
  }

  async function decide(
    key: string,
    person: Person,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const said = (await bodyOf(request)) as DecisionRequest
    if (request.headers['x-sluice-csrf'] === undefined)
      return json(response, 403, { error: 'x-sluice-csrf is missing' })
    const [namespace = '', rollout = ''] = key.split('/')
    if (!person.may.includes(said.action)) {
      const error = `decisions.sluice.dev is forbidden: User "${person.me.name}" may not ${said.action} ${rollout}: it takes create on rollouts/${said.action} in namespace ${namespace}`
      return json(response, 403, { error })
    }
    const decision = decisionOf({ ...said, rollout, namespace, by: person.me.name, at: Date.now() })
    world.change(key, (sight) => ({ ...sight, decisions: [...sight.decisions, decision] }))
    const { name } = decision.metadata
    json(
      response,
      201,
      pageView(known.get(key) as Sight, person).decisions.find((one) => one.name === name),
    )
    engine?.(world, key, said)
  }

  await world.start()
  return world
}

const keyOf = ({ rollout: { metadata } }: Sight): string => `${metadata.namespace}/${metadata.name}`

function open(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
}

function tell(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

async function file(path: string, response: ServerResponse): Promise<void> {
  const name = extname(path) in TYPES ? path : '/index.html'
  const content = await readFile(join(PAGE, name))
  response
    .writeHead(200, { 'content-type': TYPES[extname(name)] ?? '', 'content-security-policy': POLICY })
    .end(content)
}
