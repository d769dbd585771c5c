import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { MatchRoute } from '../../crds/traffic.ts'
import { CANARY, fence, hostOf, ofUser, STABLE, stage, withList, type Destination, type Route } from './stage.ts'

const CLIENT_HEADERS = { 'x-team': 'till' }
const rising = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 5 })
  .map((weights) => weights.toSorted((a, b) => a - b))
const amongs = fc.constantFrom<MatchRoute[] | undefined>(undefined, [{ headers: { 'x-team': { exact: 'till' } } }])
/** Which weights a client meets: one that comes at none of them is nobody. */
const visits = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 })

it('whenever a client comes, it is on the canary with exactly the chance of the weight, and never leaves it', async () => {
  const on = await stage()
  let release = 1
  await fc.assert(
    fc.asyncProperty(rising, visits, amongs, async (weights, comes, among) => {
      release += 1
      let clients = new Map<string, number>([['', 1]])
      for (const [k, weight] of weights.entries()) {
        const affinity = { cookie: 'shop', maxAgeMs: 3_600_000, token: `r${release}`, weights: weights.slice(0, k + 1) }
        const traffic = { weights: { [STABLE]: 100 - weight, [CANARY]: weight }, canary: CANARY, affinity }
        const write = { fence: fence(release, k) }
        await on.router.setTraffic(on.target, { ...traffic, ...(among ? { among } : {}) }, write)
        if (!comes[k]) continue
        const { onCanary, next } = visit(on.live()!.spec.http, clients)
        expect(onCanary).toBeCloseTo(weight / 100, 10)
        clients = next
      }
      await on.router.restore(on.target, fence(release, 99))
    }),
    { numRuns: 50 },
  )
})

it('a cookie of another release is none, and a client is found by one that stands among others', async () => {
  const on = await stage()
  const affinity = { cookie: 'shop', maxAgeMs: 1_500, token: 'r2', weights: [10] }
  const traffic = { weights: { [STABLE]: 90, [CANARY]: 10 }, canary: CANARY, affinity }
  await on.router.setTraffic(on.target, traffic, { fence: fence() })
  const { http } = on.live()!.spec
  expect(meets(http, 'shop=r1.c')).toEqual(meets(http, ''))
  expect(meets(http, 'my-shop=r2.c')).toEqual(meets(http, ''))
  expect(meets(http, 'a=b; shop=r2.c; c=d')).toEqual([{ destination: destination(CANARY), weight: 100 }])
  expect(meets(http, 'shop=r2.s10')).toEqual([{ destination: destination(STABLE), weight: 100 }])
  const given = (value: string) => ({
    response: { add: { 'set-cookie': `shop=${value}; Path=/; Max-Age=2; HttpOnly; SameSite=Lax` } },
  })
  expect(meets(http, '')).toEqual([
    { destination: destination(STABLE), weight: 90, headers: given('r2.s10') },
    { destination: destination(CANARY), weight: 10, headers: given('r2.c') },
  ])
})

it('a destination of somebody else keeps its share at every choice, and the headers that the user sets', async () => {
  const own = { destination: { host: 'checkout' }, weight: 75, headers: { response: { add: { 'set-cookie': 'a=1' } } } }
  const on = await stage({ virtualServices: [withList([own, { destination: { host: 'legacy' }, weight: 25 }])] })
  const before = ofUser(on.live())
  const affinity = { cookie: 'shop', maxAgeMs: 1_000, token: 't', weights: [10, 40] }
  const traffic = { weights: { [STABLE]: 60, [CANARY]: 40 }, canary: CANARY, affinity }
  await on.router.setTraffic(on.target, traffic, { fence: fence() })
  const { http } = on.live()!.spec
  for (const cookie of ['', 'shop=t.c', 'shop=t.s10', 'shop=t.s40'])
    expect(shares(meets(http, cookie)).get('legacy')).toBe(0.25)
  expect(Object.keys((meets(http, '')[0] as never as typeof own).headers.response.add)).toEqual([
    'set-cookie',
    'Set-Cookie',
  ])
  await on.router.restore(on.target, fence(2, 2))
  expect(ofUser(on.live())).toBe(before)
})

const destination = (revision: string) => ({ host: hostOf(revision), port: { number: 80 } })

type Headers = { response?: { add?: Record<string, string> } }

/** One visit of everybody, by the first route that matches. */
function visit(http: Route[], clients: Map<string, number>) {
  let onCanary = 0
  const next = new Map<string, number>()
  for (const [cookie, chance] of clients) {
    const list = meets(http, cookie)
    for (const [index, [host, share]] of [...shares(list)].entries()) {
      if (host === hostOf(CANARY)) onCanary += chance * share
      expect(cookie.endsWith('.c') && host !== hostOf(CANARY)).toBe(false)
      const set = Object.values((list[index]?.['headers'] as Headers | undefined)?.response?.add ?? {})[0]
      const kept = set?.split(';')[0] ?? cookie
      next.set(kept, (next.get(kept) ?? 0) + chance * share)
    }
  }
  return { onCanary, next }
}

type Match = { headers?: Record<string, { exact?: string; regex?: string }> }

function meets(http: Route[], cookie: string): Destination[] {
  const headers: Record<string, string> = { ...CLIENT_HEADERS, ...(cookie ? { cookie } : {}) }
  const fits = ({ headers: wanted = {} }: Match): boolean =>
    Object.entries(wanted).every(([name, { exact, regex }]) => {
      const value = headers[name]
      return (
        value !== undefined && (exact === value || (regex !== undefined && new RegExp(`^(?:${regex})$`).test(value)))
      )
    })
  const matching = http.filter(({ name }) => name === 'primary' || name?.startsWith('checkout.shop.sluice.dev/'))
  return matching.find(({ match }) => ((match as Match[] | undefined) ?? [{}]).some(fits))!.route!
}

function shares(list: Destination[]): Map<string, number> {
  const total = list.reduce((sum, { weight = 100 }) => sum + weight, 0)
  return new Map(list.map(({ destination: { host }, weight = 100 }) => [host, weight / total]))
}
