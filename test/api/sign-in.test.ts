import { OAuth2Server } from 'oauth2-mock-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Me, SignIn } from '../../api/views.ts'
import { furnish, openApi, openGround, TOKEN } from './stage.ts'

const SECRET = 'a secret of more than thirty-two characters'

/** What a browser would send back. */
const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')

type Ask = Awaited<ReturnType<typeof openApi>>['ask']

const signIn = (ask: Ask, token: string): Promise<Response> => ask('/api/session', { method: 'POST', body: { token } })

describe('by token', () => {
  it('becomes a cookie that no script reads and no other site sends, and without the token in it', async () => {
    const { ask } = await openApi(await openGround({ publicUrl: 'https://sluice.example' }))
    const answer = await signIn(ask, TOKEN.alice)
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { name: 'alice', groups: ['alices', 'system:authenticated'] },
    ])
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-sluice-session=/)
    for (const word of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      expect(cookie.split('; ')).toContain(word)
    expect(cookie).not.toContain('Domain')
    expect(cookie).not.toContain(TOKEN.alice)
    expect(Buffer.from(cookie, 'base64url').toString()).not.toContain(TOKEN.alice)
    const me = await ask('/api/me', { headers: { cookie: cookiesOf(answer) } })
    expect(((await me.json()) as Me).name).toBe('alice')
  })

  it('with one that the API server does not know is refused', async () => {
    const { ask } = await openApi(await openGround())
    const answer = await signIn(ask, TOKEN.mallory)
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: 'the API server does not accept these credentials: sign in again' },
    ])
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  it('with a long one is spread over several cookies', async () => {
    const ground = await openGround()
    const long = 'x'.repeat(6_000)
    ground.server.people.know(long, { name: 'erin' })
    const { ask } = await openApi(ground)
    const answer = await signIn(ask, long)
    for (const line of answer.headers.getSetCookie()) expect(line.length).toBeLessThan(4_096)
    const me = await ask('/api/me', { headers: { cookie: cookiesOf(answer) } })
    expect(((await me.json()) as Me).name).toBe('erin')
  })

  it('outlives the process that took it where both have the same secret, and only there', async () => {
    const ground = await openGround({ sessionSecret: SECRET })
    const first = await openApi(ground)
    const headers = { cookie: cookiesOf(await signIn(first.ask, TOKEN.alice)) }
    const again = await openApi(ground)
    expect((await again.ask('/api/me', { headers })).status).toBe(200)
    const other = await openApi({ ...ground, options: { ...ground.options, sessionSecret: `${SECRET}!` } })
    expect((await other.ask('/api/me', { headers })).status).toBe(401)
    const isSignedIn = async (ask: Ask) => ((await (await ask('/api/session', { headers })).json()) as SignIn).signedIn
    expect([await isSignedIn(again.ask), await isSignedIn(other.ask)]).toEqual([true, false])
  })

  it('ends by signing out', async () => {
    const { ask } = await openApi(await openGround())
    const headers = { cookie: cookiesOf(await signIn(ask, TOKEN.alice)) }
    const answer = await ask('/api/session', { method: 'DELETE', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.getSetCookie()[0]).toMatch(/^sluice-session=; Max-Age=0/)
  })

  it('counts for nothing beside a header: what was sent explicitly is meant', async () => {
    const { ask } = await openApi(await openGround())
    const headers = { cookie: cookiesOf(await signIn(ask, TOKEN.alice)) }
    expect(((await (await ask('/api/me', { token: TOKEN.bob, headers })).json()) as Me).name).toBe('bob')
  })

  it('leaves no token in any log line', async () => {
    const ground = await openGround()
    furnish(ground)
    const { ask, logged } = await openApi(ground)
    const headers = { cookie: cookiesOf(await signIn(ask, TOKEN.alice)) }
    await signIn(ask, TOKEN.mallory)
    ground.server.interfere(({ path }) => (path.includes('/namespaces/shop/') ? 'reset' : undefined))
    await ask('/api/rollouts/shop/checkout', { headers })
    await ask('/api/rollouts/shop/checkout', { token: TOKEN.bob })
    expect(logged()).toContain('a request could not be answered')
    for (const secret of [...Object.values(TOKEN), cookiesOf(await signIn(ask, TOKEN.alice))]) {
      expect(logged()).not.toContain(secret)
    }
  })
})

/** A real issuer, an API server that trusts it, and an API that sends people there. */
async function openIssuer({ expiresIn = 3_600, publicUrl = 'http://sluice.example' } = {}) {
  const issuer = new OAuth2Server()
  await issuer.issuer.keys.generate('RS256')
  await issuer.start(0, '127.0.0.1')
  onTestFinished(() => issuer.stop())
  const url = issuer.issuer.url ?? ''
  const ground = await openGround({ publicUrl, oidc: { issuer: url, clientId: 'sluice', scopes: 'openid email' } })
  const tokens: string[] = []
  issuer.service.on('beforeTokenSigning', (token: { payload: Record<string, unknown> }) => {
    token.payload.exp = Math.floor(Date.now() / 1_000) + expiresIn
  })
  issuer.service.on('beforeResponse', (response: { body: Record<string, unknown> }) => {
    const { id_token: token } = response.body as { id_token?: string }
    if (token === undefined) return
    tokens.push(token)
    ground.server.people.know(token, { name: `dana-${tokens.length}`, groups: ['people'] })
  })
  return { issuer, tokens, ground, ...(await openApi(ground)) }
}

/** To the issuer and back, as a browser goes; the issuer asks for no password. */
async function visit(ask: Ask, path = '/api/session/oidc'): Promise<{ there: URL; back: URL; cookie: string }> {
  const begun = await ask(path)
  const there = new URL(begun.headers.get('location') ?? '')
  const answered = await fetch(there, { redirect: 'manual' })
  return { there, back: new URL(answered.headers.get('location') ?? ''), cookie: cookiesOf(begun) }
}

/** Where a browser is sent that asked for this page before it signed in. */
async function cameTo(to: string): Promise<string | null> {
  const { ask } = await openIssuer()
  const { back, cookie } = await visit(ask, `/api/session/oidc?to=${encodeURIComponent(to)}`)
  const answer = await ask(`${back.pathname}${back.search}`, { headers: { cookie } })
  expect(answer.status).toBe(302)
  return answer.headers.get('location')
}

describe('by OIDC', () => {
  it('goes to the issuer with PKCE, and comes back as somebody whom the API server knows', async () => {
    const { ask, tokens } = await openIssuer()
    const { there, back, cookie } = await visit(ask, '/api/session/oidc?to=/r/shop/checkout')
    expect(Object.fromEntries(there.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'sluice',
      code_challenge_method: 'S256',
      redirect_uri: 'http://sluice.example/api/session/oidc/callback',
    })
    const answer = await ask(`${back.pathname}${back.search}`, { headers: { cookie } })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/r/shop/checkout'])
    const session = answer.headers.getSetCookie().find((line) => line.startsWith('sluice-session='))
    expect(session).toContain('SameSite=Strict')
    expect(session).not.toContain(tokens[0])
    const me = await ask('/api/me', { headers: { cookie: cookiesOf(answer) } })
    expect(((await me.json()) as Me).name).toBe('dana-1')
  })

  it('begins and ends with cookies that no other host of the domain can set', async () => {
    const { ask } = await openIssuer({ publicUrl: 'https://sluice.example' })
    const { back, cookie } = await visit(ask)
    expect(cookie).toMatch(/^__Host-sluice-sign-in=[^;]+$/)
    const answer = await ask(`${back.pathname}${back.search}`, { headers: { cookie } })
    const lines = answer.headers.getSetCookie()
    expect(lines.map((line) => line.split('=')[0])).toEqual(['__Host-sluice-sign-in', '__Host-sluice-session'])
    for (const line of lines) expect(line.split('; ')).toEqual(expect.arrayContaining(['Path=/', 'Secure']))
  })

  it('says where the issuer is to whoever is not signed in', async () => {
    const { ask, issuer } = await openIssuer()
    expect(await (await ask('/api/session')).json()).toEqual({
      signedIn: false,
      oidc: { url: '/api/session/oidc', issuer: issuer.issuer.url },
    })
  })

  it.each([
    ['without what the browser began with', '', ''],
    ['with another state', 'state', 'forged'],
    ['with a code that the issuer did not give', 'code', 'guessed'],
  ])('fails %s', async (_, name, value) => {
    const { ask } = await openIssuer()
    const { back, cookie } = await visit(ask)
    if (name) back.searchParams.set(name, value)
    const answer = await ask(`${back.pathname}${back.search}`, { headers: name ? { cookie } : {} })
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('You are not signed in')
    expect(answer.headers.getSetCookie().some((line) => line.startsWith('sluice-session='))).toBe(false)
  })

  it('fails when the API server does not trust the issuer', async () => {
    const { ask, ground } = await openIssuer()
    const { back, cookie } = await visit(ask)
    ground.server.interfere(({ path }) =>
      path.endsWith('/selfsubjectreviews') ? { code: 401, reason: 'Unauthorized', message: 'Unauthorized' } : undefined,
    )
    expect((await ask(`${back.pathname}${back.search}`, { headers: { cookie } })).status).toBe(401)
  })

  it.each([
    '//evil.example',
    '///evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r/evil.example',
    ' //evil.example',
    '\\\\evil.example',
    '/\\evil.example',
    '/\t\\evil.example',
    '/.//evil.example',
    '/r/..//evil.example',
    'https://evil.example',
    'https:\\\\evil.example',
    'http://sluice.example:81/gates',
    'http://sluice.example@evil.example',
    'http://sluice.example//evil.example',
    'javascript:alert(1)',
    'http://[',
  ])('does not lead away, to %j', async (to) => {
    expect(await cameTo(to)).toBe('/')
  })

  it.each([
    ['/gates', '/gates'],
    ['/r/shop/checkout?at=7#verdict', '/r/shop/checkout?at=7#verdict'],
    ['http://sluice.example/gates', '/gates'],
    ['gates', '/gates'],
    ['/r/\nshop/x', '/r/shop/x'],
    ['', '/'],
  ])('leads to a page of ours: %j is %s', async (to, page) => {
    expect(await cameTo(to)).toBe(page)
  })

  it('gets a new token before the old one ends, once for all tabs', async () => {
    const { ask, tokens } = await openIssuer({ expiresIn: 30 })
    const { back, cookie } = await visit(ask)
    const headers = { cookie: cookiesOf(await ask(`${back.pathname}${back.search}`, { headers: { cookie } })) }
    const answers = await Promise.all([ask('/api/me', { headers }), ask('/api/me', { headers })])
    expect(await Promise.all(answers.map(async (answer) => ((await answer.json()) as Me).name))).toEqual([
      'dana-2',
      'dana-2',
    ])
    expect(tokens).toHaveLength(2)
    expect(answers[0]?.headers.getSetCookie()[0]).toMatch(/^sluice-session=/)
  })

  it('says so when the issuer does not answer', async () => {
    const ground = await openGround({
      oidc: { issuer: 'http://127.0.0.1:9', clientId: 'sluice', scopes: 'openid' },
    })
    const { ask } = await openApi(ground)
    const answer = await ask('/api/session/oidc')
    expect(answer.status).toBe(502)
    expect(((await answer.json()) as { error: string }).error).toMatch(/^http:\/\/127.0.0.1:9 cannot be asked/)
  })
})
