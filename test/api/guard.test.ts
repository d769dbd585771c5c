import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startApi } from '../../api/index.ts'
import { eventually } from '../patience.ts'
import { CANARY } from './objects.ts'
import { furnish, openApi, openGround, TOKEN } from './stage.ts'

const PATH = '/api/rollouts/shop/checkout/decisions'
const APPROVAL = { release: 7, revision: CANARY, gate: 'go-wide', action: 'approve' }

async function stage() {
  const ground = await openGround()
  furnish(ground)
  return openApi(ground)
}

describe('a change', () => {
  it.each([
    ['without the header that only our pages send', { 'x-sluice-csrf': '' }],
    ['from a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a page of a neighbour', { 'sec-fetch-site': 'same-site' }],
  ])('%s is refused', async (_, headers) => {
    const { server, ask } = await stage()
    const answer = await ask(PATH, { token: TOKEN.alice, method: 'POST', body: APPROVAL, headers })
    expect(answer.status).toBe(403)
    expect(server.requests.some(({ path }) => path.endsWith('/decisions') && path.includes('/shop/'))).toBe(false)
  })

  it('from our own page is taken', async () => {
    const { ask } = await stage()
    const headers = { 'sec-fetch-site': 'same-origin' }
    expect((await ask(PATH, { token: TOKEN.alice, method: 'POST', body: APPROVAL, headers })).status).toBe(201)
  })

  it('has a small body', async () => {
    const { ask } = await stage()
    const body = { ...APPROVAL, reason: 'x'.repeat(20_000) }
    expect((await ask(PATH, { token: TOKEN.alice, method: 'POST', body })).status).toBe(413)
  })

  it('comes a few times a minute from one caller, and others are not held up', async () => {
    const { ask } = await stage()
    const say = (token: string) => ask(PATH, { token, method: 'POST', body: APPROVAL })
    for (let i = 0; i < 30; i++) expect((await say(TOKEN.alice)).status).toBe(201)
    const refused = await say(TOKEN.alice)
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error: 'more than 30 decisions within a minute: wait a little' },
    ])
    expect((await say(TOKEN.bob)).status).toBe(201)
  })

  it('is counted by person, whatever token it comes with', async () => {
    const { server, ask } = await stage()
    const tokens = Array.from({ length: 31 }, (_, index) => `of-alice-${index}`)
    for (const token of tokens) server.people.know(token, { name: 'alice' })
    server.people.allow(() => true)
    const answers: number[] = []
    for (const token of tokens) answers.push((await ask(PATH, { token, method: 'POST', body: APPROVAL })).status)
    expect(answers).toEqual([...Array<number>(30).fill(201), 429])
  })
})

describe('every answer', () => {
  it('lets pages run nothing but our own files, and nobody frame them', async () => {
    const { ask } = await stage()
    const { headers } = await ask('/')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
  })

  it('of the API is kept by nobody', async () => {
    const { ask } = await stage()
    expect((await ask('/api/me', { token: TOKEN.alice })).headers.get('cache-control')).toBe('no-store')
    expect((await ask('/api/me')).headers.get('cache-control')).toBe('no-store')
  })
})

describe('the UI', () => {
  it('that is not built says how', async () => {
    const { ask } = await stage()
    const answer = await ask('/')
    expect([answer.status, await answer.text()]).toEqual([
      503,
      'The UI is not built: run `npm run build:ui`, and load this page again.\n',
    ])
  })

  it('is the same page at every address, and its hashed files are kept for a year', async () => {
    const ground = await openGround()
    const { uiDirectory } = ground.options
    mkdirSync(join(uiDirectory, 'assets'))
    writeFileSync(join(uiDirectory, 'index.html'), '<title>Sluice</title>')
    writeFileSync(join(uiDirectory, 'assets', 'main-3f2a.js'), 'document.title')
    const { ask } = await openApi(ground)
    for (const path of ['/', '/gates', '/r/shop/checkout', '/r/shop/checkout/history']) {
      const page = await ask(path)
      expect([path, page.status, await page.text()]).toEqual([path, 200, '<title>Sluice</title>'])
      expect(page.headers.get('content-type')).toContain('text/html')
      expect(page.headers.get('cache-control')).toBe('no-cache')
    }
    const script = await ask('/assets/main-3f2a.js')
    expect([script.status, await script.text()]).toEqual([200, 'document.title'])
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const gone = await ask('/assets/main-0000.js')
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-cache'])
  })

  it('is all that is served: no address leads to what lies beside it', async () => {
    const { beside, read } = await serveUi()
    expect(await read('/inside.txt')).toBe('inside')
    const absolute = [beside, `/${beside}`, `//${beside}`, `/${encodeURIComponent(beside)}`, `file://${beside}`]
    for (const path of [...WAYS_OUT.map((way) => `${way}beside.txt`), ...absolute]) {
      expect([path, await read(path)]).not.toEqual([path, expect.stringContaining('beside')])
    }
  })
})

/** From the top and from a folder: as it is, encoded once and twice, with slashes of either kind. */
const WAYS_OUT = ['..', '%2e%2e', '.%2e', '%2E.', '%252e%252e', '%c0%ae%c0%ae'].flatMap((up) =>
  ['/', '//', '\\', '%2f', '%5c', '%252f', '%255c'].flatMap((slash) => [
    `/${up}${slash}`,
    `${slash}${up}${slash}`,
    `/assets/${up}${slash}${up}${slash}`,
    `/assets${slash}${up}${slash}${up}${slash}`,
    `http://sluice.example/${up}${slash}`,
  ]),
)

/** An API on a port with a file in its UI and one beside. `read` sends the address as it is: `fetch` would put it right first. */
async function serveUi() {
  const directory = mkdtempSync(join(tmpdir(), 'beside-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const uiDirectory = join(directory, 'ui')
  const beside = join(directory, 'beside.txt')
  mkdirSync(join(uiDirectory, 'assets'), { recursive: true })
  writeFileSync(beside, 'beside')
  writeFileSync(join(uiDirectory, 'index.html'), 'page')
  writeFileSync(join(uiDirectory, 'inside.txt'), 'inside')
  const { options } = await openGround({ uiDirectory })
  const api = await startApi({ ...options, port: 0, host: '127.0.0.1' })
  onTestFinished(() => api.stop())
  await eventually(() => expect(api.ready()).toBe(true))
  const read = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get(
        { host: '127.0.0.1', port: api.port, path, agent: false },
        (answer) => void text(answer).then(resolve, reject),
      ).on('error', reject)
    })
  return { beside, read }
}

it('says what it is: everything that is described is there', async () => {
  const { ask } = await openApi(
    await openGround({ oidc: { issuer: 'http://127.0.0.1:9', clientId: 'x', scopes: 'openid' } }),
  )
  const description = (await (await ask('/openapi.json')).json()) as {
    openapi: string
    info: { version: string }
    paths: Record<string, Record<string, object>>
  }
  expect([description.openapi, description.info.version]).toEqual(['3.0.3', '1.2.3'])
  expect(JSON.stringify(description)).not.toContain('$ref')
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
  )
  expect(operations.length).toBeGreaterThan(12)
  for (const { path, method } of operations) {
    const address = path.replace('{namespace}', 'shop').replace('{name}', 'checkout').replace('{number}', '7')
    const answer = await ask(address, { token: TOKEN.alice, method, ...(method === 'POST' ? { body: {} } : {}) })
    expect([path, await textOf(answer)]).not.toEqual([path, '{"error":"there is nothing at this address"}'])
  }
})

/** A stream says nothing for ever. */
const textOf = async (answer: Response): Promise<string> =>
  answer.headers.get('content-type') === 'text/event-stream' ? '' : answer.text()

it('answers for itself without anybody signed in', async () => {
  const { ask } = await stage()
  expect(await (await ask('/healthz')).text()).toBe('ok\n')
  const nothing = await ask('/api/nothing', { token: TOKEN.alice })
  expect([nothing.status, await nothing.json()]).toEqual([404, { error: 'there is nothing at this address' }])
})
