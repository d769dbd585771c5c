import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Aside, MatchRoute } from '../../crds/traffic.ts'
import { CANARY, fence, inGit, ofUser, STABLE, stage, type Route } from './stage.ts'

const extras = fc.record(
  {
    match: fc.array(fc.record({ uri: fc.record({ prefix: fc.constantFrom('/a', '/b') }) }), { maxLength: 3 }),
    timeout: fc.constantFrom('1s', '5s'),
    headers: fc.constant({ request: { set: { 'x-from': 'route' } } }),
    mirrors: fc.constant([{ destination: { host: 'shadow' }, percentage: { value: 1 } }]),
    corsPolicy: fc.constant({ allowOrigins: [{ exact: 'https://shop.example' }] }),
  },
  { requiredKeys: [] },
)
const others = fc
  .array(fc.tuple(fc.constantFrom('beta', 'old', 'checkout', undefined), extras), { maxLength: 4 })
  .map((routes) =>
    routes.map(([name, extra]): Route => ({
      ...(name ? { name } : {}),
      ...extra,
      route: [{ destination: { host: 'elsewhere' } }],
    })),
  )
const primary = fc.tuple(extras, fc.integer({ min: 0, max: 99 })).map(([extra, foreign]): Route => ({
  name: 'primary',
  ...extra,
  route:
    foreign === 0
      ? [{ destination: { host: 'checkout' } }]
      : [
          { destination: { host: 'checkout' }, weight: 100 - foreign },
          { destination: { host: 'legacy' }, weight: foreign },
        ],
}))
const specs = fc.tuple(others, primary, others).map(([before, own, after]) => [...before, own, ...after])

const cohort = fc.constantFrom<MatchRoute[]>(
  [{ headers: { 'x-team': { exact: 'till' } } }],
  [{ cookies: { user: { prefix: 'a' } } }, { headers: { 'x-b': { regex: '.+' } } }],
)
const asides = fc
  .record(
    {
      match: cohort,
      fault: fc.constant({ percent: 5, abort: 503 }),
      mirror: fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      preview: fc.constant({ host: 'preview.example' }),
      among: cohort,
      affinity: fc.constant({ cookie: 'shop', maxAgeMs: 1_000, token: 't' }),
    },
    { requiredKeys: [] },
  )
  .map(({ fault, ...aside }) => (fault && aside.match ? { ...aside, fault } : aside))
const writes = fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }), asides), { minLength: 1, maxLength: 3 })

it('whatever was beside the weights of whatever routes, at rest they are what they were, byte for byte', async () => {
  const on = await stage()
  let release = 1
  await fc.assert(
    fc.asyncProperty(specs, writes, fc.boolean(), async (http, plan, straight) => {
      const declared = { ...inGit().spec, http }
      on.edit({ spec: { http: null } })
      on.edit({ spec: declared })
      const before = ofUser(on.live())
      release += 1
      for (const [seq, [weight, { affinity, ...aside }]] of plan.entries()) {
        const sticky: Aside = affinity ? { affinity: { ...affinity, weights: [weight] } } : {}
        const beside = { canary: CANARY, ...aside, ...sticky }
        const traffic = { weights: { [STABLE]: 100 - weight, [CANARY]: weight }, ...beside }
        const read = await on.router.setTraffic(on.target, traffic, { fence: fence(release, seq) })
        expect(read.weights).toEqual({ [STABLE]: 100 - weight, [CANARY]: weight })
        expect(await on.router.observe(on.target)).toMatchObject({ weights: read.weights, atRest: false })
        const seen = await on.router.observe(on.target, beside)
        expect(seen).not.toHaveProperty('foreign')
        expect(seen).not.toHaveProperty('preview')
        expect(notOurs(on.live()!.spec.http)).toEqual(notOurs(http))
      }
      if (!straight)
        await on.router.setTraffic(on.target, { weights: { [STABLE]: 100 } }, { fence: fence(release, 90) })
      await on.router.restore(on.target, fence(release, 91))
      expect(ofUser(on.live())).toBe(before)
      expect(await on.router.observe(on.target)).toMatchObject({ atRest: true })
    }),
    { numRuns: 80 },
  )
})

/** The user's routes in their order, without the destinations of the one that is adopted. */
const notOurs = (http: Route[]): Route[] =>
  http
    .filter(({ name }) => name?.startsWith('checkout.shop.sluice.dev/') !== true)
    .map((route) => (route.name === 'primary' ? { ...route, route: [] } : route))
