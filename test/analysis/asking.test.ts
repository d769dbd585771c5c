import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Credentials } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import { createReach } from '../../network/reach.ts'
import type { Layout } from '../../stack/layout.ts'
import { makePki } from '../../stack/pki.ts'
import { policy, readRows, request, T } from './shop.ts'

/** How the reader signs in, and what it says when it is not answered: against real servers, with and without TLS. */
const SECRET = 's3cret-of-shop'
const LONG = 'and so on '.repeat(30)
const ADDRESS = 'spec.analysis.prometheus.address'
const AUTH = 'spec.analysis.prometheus.auth'

let folder: string
let pki: Layout['pki']
const open: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-asking-'))
  const file = (name: string): string => join(folder, name)
  pki = {
    ca: file('ca'),
    certificate: file('certificate'),
    key: file('key'),
    accountKey: file('account-key'),
    accountPublicKey: file('account-public-key'),
  }
  await makePki({ pki } as Layout)
})
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
afterAll(() => rm(folder, { recursive: true }))

async function listen(answer: RequestListener, isSecure = false): Promise<string> {
  const secure = async () => ({ cert: await readFile(pki.certificate), key: await readFile(pki.key) })
  const server = isSecure ? createSecureServer(await secure(), answer) : createServer(answer)
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `${isSecure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const EMPTY = { status: 'success', data: { resultType: 'matrix', result: [] } }

/** Answers only those who are let in; it knows nothing. */
const guarded =
  (isLetIn: (headers: IncomingMessage['headers']) => boolean): RequestListener =>
  ({ headers }, response) => {
    response.statusCode = isLetIn(headers) ? 200 : 401
    // Some proxies repeat what they were sent.
    response.end(JSON.stringify(isLetIn(headers) ? EMPTY : { status: 'error', error: JSON.stringify(headers) }))
  }

/** Why the first row is without data. Everything lies in the past, so nothing waits. */
async function missing(address: string, credentials: Credentials = {}, interval = 1): Promise<string | undefined> {
  const clock = { now: () => (T + 600) * 1_000, wait: () => Promise.resolve() }
  const asked = request({ policy: policy({ interval }) })
  const [row] = await readRows(createSamplers({ clock })(address, credentials), asked, 1)
  expect(row?.cells).toEqual({})
  return row?.missing
}

/** What is said when the question was answered, with nothing. */
const ANSWERED = 'no requests of checkout-c'
const basic = `Basic ${Buffer.from(`reader:${SECRET}`).toString('base64')}`

describe('whom it asks', () => {
  it.each(['http://169.254.169.254', 'http://[fd00:ec2::254]:9090'])('is not %s', async (address) => {
    expect(await missing(address)).toMatch(
      /^spec\.analysis\.prometheus\.address leads to \S+ \((link-local|cloud metadata)\), /,
    )
  })

  it('is not who tells machines their secrets under another name', async () => {
    const find = async () => [{ address: '169.254.169.254', family: 4 }]
    const clock = { now: () => (T + 600) * 1_000, wait: () => Promise.resolve() }
    const samplers = createSamplers({ clock, reach: createReach({ refuses: 'metadata', find }) })
    const asked = request({ policy: policy({ interval: 1 }) })
    const [row] = await readRows(samplers('http://prometheus.example', {}), asked, 1)
    expect(row?.missing).toContain(`${ADDRESS} leads to 169.254.169.254 (link-local)`)
  })
})

describe('signing in', () => {
  it.each<[string, Credentials, string, string]>([
    ['a bearer token', { bearerToken: `${SECRET}\n` }, 'authorization', `Bearer ${SECRET}`],
    ['a password', { basic: { username: 'reader', password: `${SECRET}\n` } }, 'authorization', basic],
    ['a header', { headers: { 'X-Scope-OrgID': `${SECRET}\n` } }, 'x-scope-orgid', SECRET],
  ])('works with %s', async (_, credentials, header, value) => {
    const url = await listen(guarded((headers) => headers[header] === value))
    expect(await missing(url, credentials)).toBe(ANSWERED)
    expect(await missing(url)).toBe(`Prometheus refuses the credentials (401): check ${AUTH}`)
  })

  it('trusts the authority that it is given, and nobody else', async () => {
    const url = await listen(
      guarded(() => true),
      true,
    )
    expect(await missing(url, { caBundle: await readFile(pki.ca, 'utf8') })).toBe(ANSWERED)
    expect(await missing(url)).toContain(`put its authority into ${AUTH}.caBundle`)
    expect(await missing(url, { caBundle: SECRET })).toBe(`${AUTH}.caBundle is no certificate in PEM`)
  })

  it('asks with the same sampler for the same credentials only', () => {
    const samplers = createSamplers()
    const credentials = { basic: { username: 'reader', password: SECRET } }
    expect(samplers('http://a', credentials)).toBe(samplers('http://a', structuredClone(credentials)))
    expect(samplers('http://a', credentials)).not.toBe(samplers('http://a', {}))
    expect(samplers('http://a', credentials)).not.toBe(samplers('http://b', credentials))
  })

  it.each<[string, Credentials]>([
    ['a bearer token', { bearerToken: SECRET }],
    ['a password', { basic: { username: 'reader', password: SECRET } }],
    ['a header', { headers: { 'X-Key': SECRET } }],
  ])('never says %s, even if a server repeats it', async (_, credentials) => {
    const url = await listen(({ headers }, response) => {
      response.statusCode = 400
      response.end(
        JSON.stringify({ status: 'error', error: `${headers.authorization ?? ''} ${headers['x-key'] as string}` }),
      )
    })
    const said = await missing(url, credentials)
    expect(said).toContain('Prometheus answers 400: ')
    expect(said).not.toContain(SECRET)
    expect(said).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 8))
  })

  it.each<[string, number, (text: string) => object]>([
    ['an error', 400, (text) => ({ status: 'error', error: text })],
    ['a warning', 200, (text) => ({ ...EMPTY, warnings: [text] })],
  ])('never says a part of a secret either, where %s is too long to be told whole', async (_, status, told) => {
    const long = 'abcdefghij'.repeat(30)
    const url = await listen(({ headers }, response) => {
      response.statusCode = status
      response.end(JSON.stringify(told(`${'long '.repeat(14)}Authorization: ${headers.authorization ?? ''} ${LONG}`)))
    })
    const said = await missing(url, { bearerToken: long })
    expect(said).toContain('Authorization: … ')
    expect(said).not.toContain('abc')
    expect(said?.length).toBeLessThan(200)
  })

  it('leaves other words alone where a header is short', async () => {
    const url = await listen((_, response) => {
      response.statusCode = 422
      response.end(JSON.stringify({ status: 'error', error: 'limit 10000000 of tenant 1' }))
    })
    const said = await missing(url, { headers: { 'X-Scope-OrgID': '1' } })
    expect(said).toBe('Prometheus answers 422: limit 10000000 of tenant …')
  })

  it('does not follow a redirect, which would take the credentials elsewhere', async () => {
    let followed = false
    const elsewhere = await listen((_, response) => {
      followed = true
      response.end(JSON.stringify(EMPTY))
    })
    const url = await listen((_, response) => {
      response.writeHead(302, { location: `${elsewhere}/login?token=${SECRET}` }).end()
    })
    const said = await missing(url, { bearerToken: SECRET })
    expect(said).toBe(`${ADDRESS} redirects to ${elsewhere}/login; write the final one`)
    expect(followed).toBe(false)
  })
})

describe('what the reader says', () => {
  it.each<[string, number, string | object, string]>([
    ['a page of something else', 200, '<html>hello</html>', `the answer is not that of Prometheus: check ${ADDRESS}`],
    ['a wrong path', 404, '<html>not here</html>', `the answer is not that of Prometheus: check ${ADDRESS} (404)`],
    ['wrong credentials', 403, 'Forbidden', `Prometheus refuses the credentials (403): check ${AUTH}`],
    ['a broken proxy', 502, '<html>Bad Gateway</html>', `${ADDRESS} answers 502 Bad Gateway`],
    [
      'TLS where none is spoken to',
      400,
      'Client sent an HTTP request to an HTTPS server.',
      `TLS is spoken at ${ADDRESS}`,
    ],
    [
      'a full queue',
      503,
      { status: 'error', error: 'query queue is full' },
      'Prometheus answers 503: query queue is full',
    ],
    ['a part of the answer', 200, { ...EMPTY, warnings: ['partial response'] }, 'Prometheus warns: partial response'],
    [
      'native histograms',
      200,
      { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, histograms: [] }] } },
      'histograms, which are not supported yet',
    ],
  ])('of %s', async (_, status, body, sentence) => {
    const url = await listen((_request, response) => {
      response.statusCode = status
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    expect(await missing(url)).toContain(sentence)
  })

  it('when nobody is there, or nobody by that name', async () => {
    const url = await listen(() => undefined)
    await new Promise((resolve) => open.pop()?.close(resolve))
    expect(await missing(url)).toBe(`nobody answers at ${ADDRESS} (ECONNREFUSED)`)
    expect(await missing('http://prometheus.invalid')).toMatch(/^the host of spec.analysis.prometheus.address /)
  })

  it('when one side speaks TLS and the other does not', async () => {
    const [plain, secure] = [
      await listen(guarded(() => true)),
      await listen(
        guarded(() => true),
        true,
      ),
    ]
    expect(await missing(plain.replace('http:', 'https:'))).toContain(`no TLS is spoken at ${ADDRESS}`)
    expect(await missing(secure.replace('https:', 'http:'))).toContain(`${ADDRESS} may have to begin with https://`)
  })

  it('when there is no answer in time', async () => {
    const url = await listen(() => undefined)
    expect(await missing(url)).toBe(`no answer within 1 s from ${ADDRESS}`)
  })
})
