import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CANARY, fence, ofUser, STABLE, stage, withList, type Destination, type VirtualService } from './stage.ts'

const APEX_SPELLINGS = ['checkout', 'checkout.shop', 'checkout.shop.svc', 'checkout.shop.svc.cluster.local']
const extras = fc.record(
  { headers: fc.constant({ request: { add: { a: 'b' } } }), note: fc.jsonValue() },
  { requiredKeys: [] },
)
const destination = (host: fc.Arbitrary<string>): fc.Arbitrary<Destination> =>
  fc
    .tuple(host, fc.option(fc.integer({ min: 1, max: 200 })), fc.option(fc.integer({ min: 1, max: 65_535 })), extras)
    .map(([name, weight, port, extra]) => ({
      destination: { host: name, ...(port === null ? {} : { port: { number: port } }) },
      ...(weight === null ? {} : { weight }),
      ...extra,
    }))
const effective = (list: Destination[]): number[] =>
  list.length === 1 ? [list[0]!.weight || 100] : list.map(({ weight }) => weight ?? 0)

const apexes = fc.array(destination(fc.constantFrom(...APEX_SPELLINGS)), { minLength: 1, maxLength: 3 })
const foreigners = fc.array(
  destination(fc.constantFrom('cart', 'checkout.other', 'checkout-2222222222.other', 'example.com')),
  { maxLength: 3 },
)
const lists = fc
  .tuple(apexes, foreigners)
  .chain(([own, foreign]) => fc.shuffledSubarray([...own, ...foreign], { minLength: own.length + foreign.length }))
  // Istio refuses a list whose weights are all 0.
  .filter((list) => effective(list).some((weight) => weight > 0))
const steps = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 })

const shareOf = (list: Destination[], is: (host: string) => boolean): number => {
  const weights = effective(list)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const part = weights.filter((_, index) => is(list[index]!.destination.host)).reduce((sum, weight) => sum + weight, 0)
  return total === 0 ? 0 : part / total
}
const withoutList = (route: VirtualService | undefined): unknown => {
  const http = route?.spec.http.map((each) => (each.name === 'primary' ? { ...each, route: [] } : each))
  return ofUser(route && { ...route, spec: { ...route.spec, http: http ?? [] } })
}
const isForeign = (host: string): boolean =>
  ['cart', 'checkout.other', 'checkout-2222222222.other', 'example.com'].includes(host)

describe('any route', () => {
  it('keeps every foreign share and ours exactly at every weight, and rests as it was, byte for byte', async () => {
    const on = await stage()
    let release = 1
    await fc.assert(
      fc.asyncProperty(lists, steps, async (list, weights) => {
        const declared = withList(list)
        on.edit({ spec: { http: null } })
        on.edit({ spec: { http: declared.spec.http } })
        const before = ofUser(on.live())
        release += 1
        for (const [seq, weight] of weights.entries()) {
          await on.shift(weight, fence(release, seq))
          const now = on.list()!
          expect(withoutList(on.live())).toBe(withoutList(declared))
          expect(now.filter(({ destination }) => isForeign(destination.host)).length).toBe(
            list.filter(({ destination }) => isForeign(destination.host)).length,
          )
          expect(shareOf(now, isForeign)).toBeCloseTo(shareOf(list, isForeign), 12)
          const own = 1 - shareOf(list, isForeign)
          const canary = shareOf(now, (host) => host.startsWith(`checkout-${CANARY}.shop`))
          expect(canary).toBeCloseTo((own * weight) / 100, 12)
          expect(now.every(({ weight: w }) => w === undefined || Number.isInteger(w))).toBe(true)
        }
        await on.router.setTraffic(on.target, { weights: { [STABLE]: 100 } }, { fence: fence(release, 90) })
        expect(JSON.stringify(on.list())).not.toContain(`checkout-${CANARY}.shop.`)
        await on.router.restore(on.target, fence(release, 91))
        expect(ofUser(on.live())).toBe(before)
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
