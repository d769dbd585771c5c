import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { SourceSpec } from '../../crds/schema/source.ts'
import { SECRETS, SOURCES } from '../../crds/resources.ts'
import { configMap, NAMESPACE, openStage, sourceOf, type Stage } from './stage.ts'

const TOKEN = 'between-us-4711'
type Kind = NonNullable<SourceSpec['webhook']>['kind']

/** A Source that looks once an hour, and who calls its hook. */
async function stage(kind: Kind, standby = false) {
  const opened = await openStage({
    files: { 'a.yaml': configMap('one') },
    spec: { interval: '1h', webhook: { kind, secretRef: { name: 'hook' } } },
    standby,
    prepare: (server) =>
      server.put(SECRETS, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hook', namespace: NAMESPACE },
        data: { token: Buffer.from(`${TOKEN}\n`).toString('base64') },
      }),
  })
  const door = await openDoor(opened)
  return { ...opened, door, call: callerOf(door) }
}

async function openDoor({ sources }: Stage) {
  const server = createServer((request, response) => {
    if (!sources.hooks(request, response)) response.writeHead(404).end('not mine')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

function callerOf(door: string) {
  return async (headers: Record<string, string>, body = push(), path = '/hooks/shop/git', method = 'POST') => {
    const init = method === 'POST' ? { method, headers, body } : { method }
    const response = await fetch(`${door}${path}`, init)
    return { code: response.status, words: (await response.text()).trim() }
  }
}

/** Sends the head of a call, and of its body what is given. */
async function begin(door: string, path: string, headers: Record<string, string | number>, body?: Buffer) {
  const asked = request(`${door}${path}`, { method: 'POST', headers })
  onTestFinished(() => void asked.destroy())
  // Who is answered before he has said everything is hung up.
  asked.on('error', () => undefined)
  if (body) asked.write(body)
  else asked.flushHeaders()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

const push = (branch = 'main'): string => JSON.stringify({ ref: `refs/heads/${branch}`, commits: [] })
const digest = (body: string, token = TOKEN): string => createHmac('sha256', token).update(body).digest('hex')
const SIGNED: Record<Kind, (body: string, token?: string) => Record<string, string>> = {
  github: (body, token) => ({ 'x-hub-signature-256': `sha256=${digest(body, token)}` }),
  gitea: (body, token) => ({ 'x-gitea-signature': digest(body, token) }),
  gitlab: (_, token = TOKEN) => ({ 'x-gitlab-token': token }),
}

it.each(['github', 'gitlab', 'gitea'] as const)(
  'looks at once when %s tells of a push, and not for a stranger',
  async (kind) => {
    const { call, until, repository } = await stage(kind)
    await until('Applied')
    const commit = repository.push({ 'a.yaml': configMap('one', '2') })
    const refused = { code: 401, words: 'there is no such hook, or the call is not signed with its secret' }
    expect(await call(SIGNED[kind](push(), 'guessed'))).toEqual(refused)
    expect(await call({})).toEqual(refused)
    expect(await call(SIGNED[kind](push()))).toEqual({ code: 202, words: 'looking' })
    await until('Applied', commit)
  },
)

it('answers the same to everybody who does not know the secret, whichever Sources there are', async () => {
  const { call, until } = await stage('github')
  await until('Applied')
  const unsigned = await call(SIGNED.github(push(), 'guessed'))
  expect(await call(SIGNED.github(push()), push(), '/hooks/shop/other')).toEqual(unsigned)
  expect(await call(SIGNED.github(push()), push(), '/hooks/x')).toEqual(unsigned)
  expect(await call(SIGNED.github(push()), push('other'))).toEqual(unsigned)
  expect(await call({}, '', '/hooks/shop/git', 'GET')).toMatchObject({ code: 405 })
  expect(await call({}, '', '/else')).toEqual({ code: 404, words: 'not mine' })
})

it('does not look because of another branch', async () => {
  const { call, until, source } = await stage('github')
  await until('Applied')
  expect(await call(SIGNED.github(push('feature')), push('feature'))).toEqual({ code: 202, words: 'another branch' })
  expect(source().status?.requestedAt).toBeUndefined()
})

it('is received by who does not lead, too, and looked after by who leads from then on', async () => {
  const { call, source, sources, until } = await stage('github', true)
  await expect.poll(async () => (await call(SIGNED.github(push()))).code).toBe(202)
  await expect.poll(() => source().status?.requestedAt).toBeDefined()
  expect(source().status?.commit).toBeUndefined()
  sources.setLeading(true)
  await until('Applied')
})

it('hears nobody out who is not for a Source that wants to be told, or has nothing that a signed call has', async () => {
  const { door, server, until, repository } = await stage('github')
  await until('Applied')
  server.put(SOURCES, sourceOf('quiet', { url: repository.url }))
  await until('Refused', undefined, 'quiet')
  const signed = { ...SIGNED.github(push()), 'content-length': push().length }
  expect(await begin(door, '/hooks/shop/nobody', signed)).toBe(401)
  expect(await begin(door, '/hooks/shop/quiet', signed)).toBe(401)
  expect(await begin(door, '/hooks/shop/git', { 'content-length': push().length })).toBe(401)
})

it('takes no more than it says, whether that is said before or not', async () => {
  const { door, until } = await stage('github')
  await until('Applied')
  const headers = SIGNED.github(push())
  expect(await begin(door, '/hooks/shop/git', { ...headers, 'content-length': 6 << 20 })).toBe(413)
  expect(await begin(door, '/hooks/shop/nobody', { ...headers, 'content-length': 6 << 20 })).toBe(413)
  expect(await begin(door, '/hooks/shop/git', headers, Buffer.alloc(6 << 20))).toBe(413)
})

it('lets nobody who is slow keep others from being heard', async () => {
  const { door, call, until, server, repository } = await stage('github')
  const webhook = { kind: 'github', secretRef: { name: 'hook' } } as const
  await until('Applied')
  server.put(SOURCES, sourceOf('other', { url: repository.url, interval: '1h', webhook }))
  await until('Refused', undefined, 'other')
  const slow = Array.from({ length: 4 }, () => {
    const asked = request(`${door}/hooks/shop/git`, { method: 'POST', headers: SIGNED.github(push()) })
    onTestFinished(() => void asked.destroy())
    asked.on('error', () => undefined).write('{')
    return asked
  })
  await expect.poll(async () => (await call(SIGNED.github(push()))).code).toBe(503)
  expect(await call(SIGNED.github(push()), push(), '/hooks/shop/other')).toEqual({ code: 202, words: 'looking' })
  for (const one of slow) one.end()
  await expect.poll(async () => (await call(SIGNED.github(push()))).code).toBe(202)
})
