import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../config.ts'
import { CANARY } from './objects.ts'
import { furnish, openApi, openGround, TOKEN, type Asked } from './stage.ts'

const INGRESS = '10.1.2.3'
const APPROVAL = { release: 7, revision: CANARY, gate: 'go-wide', action: 'approve' }
const OTHERS = { error: 'more than 3000 requests within a minute: wait a little' }
const OWN = { error: 'more than 600 requests within a minute: wait a little' }

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')

/** All come through one Ingress, as it is where TLS ends before the API. */
async function stage() {
  const ground = await openGround()
  furnish(ground)
  const { ask, server } = await openApi(ground)
  const through = (path: string, asked: Asked = {}): Promise<Response> => ask(path, { ...asked, from: INGRESS })
  const post = (token: string) => through('/api/session', { method: 'POST', body: { token } })
  return {
    server,
    ask: through,
    signIn: async (token: string) => ({ cookie: cookiesOf(await post(token)) }),
    /** What so many requests one after the other are answered. */
    flood: async (times: number, path: string, asked?: Asked): Promise<Set<number>> => {
      const seen = new Set<number>()
      for (let time = 0; time < times; time += 1) seen.add((await through(path, asked)).status)
      return seen
    },
  }
}

describe('a flood of whoever is nobody', () => {
  it.each<[string, Asked]>([
    ['nothing', {}],
    [
      'cookies that somebody made up',
      { headers: { cookie: 'sluice-session=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..x.y.z' } },
    ],
    ['a token that the API server does not take', { token: TOKEN.mallory }],
  ])('with %s holds up others who are nobody, and nobody who is known', async (_, asked) => {
    const { ask, signIn, flood } = await stage()
    const headers = await signIn(TOKEN.alice)
    await ask('/api/me', { token: TOKEN.bob })
    expect([...(await flood(3_001, '/api/me', asked))]).toEqual([401, 429])
    const unknown = await ask('/api/me', { token: TOKEN.carol })
    expect([unknown.status, await unknown.json()]).toEqual([429, OTHERS])
    expect((await ask('/api/rollouts', { headers })).status).toBe(200)
    const said = await ask('/api/rollouts/shop/checkout/decisions', { headers, method: 'POST', body: APPROVAL })
    expect(said.status).toBe(201)
    expect((await ask('/api/rollouts', { token: TOKEN.bob })).status).toBe(200)
  })

  it('at the door keeps nobody in who wants to sign out', async () => {
    const { ask, signIn, flood } = await stage()
    const headers = await signIn(TOKEN.alice)
    expect([...(await flood(301, '/api/session'))]).toEqual([200, 429])
    expect(await (await ask('/api/session', { headers })).json()).toEqual({ signedIn: true })
    expect((await ask('/api/session', { headers, method: 'DELETE' })).status).toBe(204)
  })
})

describe('somebody who is known', () => {
  it('has so many requests a minute, with a cookie and with a token, and others have theirs', async () => {
    const { ask, signIn, flood } = await stage()
    const headers = await signIn(TOKEN.alice)
    expect([...(await flood(300, '/api/me', { headers }))]).toEqual([200])
    expect([...(await flood(301, '/api/me', { token: TOKEN.alice }))]).toEqual([200, 429])
    const refused = await ask('/api/me', { headers })
    expect([refused.status, await refused.json()]).toEqual([429, OWN])
    expect((await ask('/api/me', { token: TOKEN.bob })).status).toBe(200)
  })

  it('costs the API server no more than that after their token was taken back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { server, signIn, flood } = await stage()
    const headers = await signIn(TOKEN.alice)
    vi.setSystemTime(Date.now() + 60_000)
    server.interfere(({ path }) =>
      path.endsWith('/selfsubjectreviews') ? { code: 401, reason: 'Unauthorized', message: 'Unauthorized' } : undefined,
    )
    expect([...(await flood(601, '/api/me', { headers }))]).toEqual([401, 429])
  })
})

describe('where a request comes from', () => {
  /** Whether a first and a second one are counted together. */
  async function areOne(trustedProxies: string[] | undefined, [first, second]: [Asked, Asked]): Promise<boolean> {
    const { ask } = await openApi(await openGround({ trustedProxies }))
    await ask('/api/session', first)
    return (await ask('/api/session', second)).headers.get('ratelimit-remaining') === '298'
  }
  const by = (from: string, forwarded?: string): Asked => ({
    from,
    ...(forwarded === undefined ? {} : { headers: { 'x-forwarded-for': forwarded } }),
  })
  const RANGES = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']

  it.each<[string, string[] | undefined, [Asked, Asked]]>([
    [
      'is what connects, whatever it says, where no proxy is trusted',
      undefined,
      [by(INGRESS, '198.51.100.1'), by(INGRESS, '198.51.100.2')],
    ],
    [
      'is what connects where that is none of them',
      RANGES,
      [by('203.0.113.9', '198.51.100.1'), by('203.0.113.9', '198.51.100.2')],
    ],
    [
      'is nothing that was written before the first trusted proxy',
      RANGES,
      [by(INGRESS, '1.1.1.1, 198.51.100.1'), by(INGRESS, '2.2.2.2, 198.51.100.1')],
    ],
    [
      'is seen through several of them',
      RANGES,
      [by(INGRESS, '198.51.100.1, 192.0.2.7, fd00::1'), by('192.0.2.7', '198.51.100.1')],
    ],
    ['is the same with a port', RANGES, [by(INGRESS, '198.51.100.1:4711'), by(INGRESS, '198.51.100.1')]],
    ['is the proxy where that names nobody', RANGES, [by(INGRESS, 'unknown'), by(INGRESS)]],
    [
      'is IPv4 in the clothes of IPv6',
      RANGES,
      [by('::ffff:10.1.2.3', '::ffff:198.51.100.1'), by(INGRESS, '198.51.100.1')],
    ],
    ['is one network of IPv6', RANGES, [by(INGRESS, '2001:db8:0:1::1'), by(INGRESS, '[2001:0DB8:0:1:a:b:c:d]:443')]],
  ])('%s', async (_, proxies, pair) => {
    expect(await areOne(proxies, pair)).toBe(true)
  })

  it.each<[string, string[] | undefined, [Asked, Asked]]>([
    ['two who connect', undefined, [by('203.0.113.9'), by('203.0.113.10')]],
    ['two whom a trusted proxy names', RANGES, [by(INGRESS, '198.51.100.1'), by(INGRESS, '198.51.100.2')]],
    ['two behind a trusted address', RANGES, [by('192.0.2.7', '198.51.100.1'), by('192.0.2.7', '198.51.100.2')]],
    ['two networks of IPv6', RANGES, [by('fd00::1', '2001:db8:0:1::1'), by('fd00::1', '2001:db8:0:2::1')]],
  ])('tells apart %s', async (_, proxies, pair) => {
    expect(await areOne(proxies, pair)).toBe(false)
  })

  it('is believed of the proxies that are named, and of none by default', () => {
    const proxiesOf = (...flags: string[]) => readConfig(['node', 'main.ts', 'api', ...flags]).trustedProxies
    expect(proxiesOf()).toBeUndefined()
    expect(proxiesOf('--trusted-proxies', '10.0.0.0/8, 192.0.2.7,fd00::/8')).toEqual(RANGES)
  })

  it.each(['anybody', '10.0.0.0/33', '10.0.0', ''])('cannot be believed of %j', (ranges) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('exit')
    })
    try {
      expect(() => readConfig(['node', 'main.ts', 'api', '--trusted-proxies', ranges])).toThrow('exit')
      expect(String(said.mock.calls[0]?.[0])).toBe('trustedProxies.0: must be an address or a CIDR\n')
    } finally {
      said.mockRestore()
      exit.mockRestore()
    }
  })
})
