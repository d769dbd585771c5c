import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Aside } from '../../crds/traffic.ts'
import { CANARY, fence, hostOf, inGit, KEY, ofUser, STABLE, stage, type Route, type VirtualService } from './stage.ts'

const SIDE = `checkout-${CANARY}-x.shop.svc.cluster.local`
const PREFIX = 'checkout.shop.sluice.dev/primary.'
const COHORT = [{ headers: { 'X-Team': { exact: 'till' } } }]

async function open(virtualServices = [inGit()]) {
  const on = await stage({ virtualServices })
  await on.install()
  return {
    ...on,
    put: (weight: number, aside: Aside, seq = 1) =>
      on.router.setTraffic(
        on.target,
        { weights: { [STABLE]: 100 - weight, [CANARY]: weight }, canary: CANARY, ...aside },
        { fence: fence(2, seq) },
      ),
    back: (seq = 90) => on.router.setTraffic(on.target, { weights: { [STABLE]: 100 } }, { fence: fence(2, seq) }),
    route: (name: string) => on.live()?.spec.http.find((route) => route.name === `${PREFIX}${name}`),
    names: () => on.live()!.spec.http.map(({ name }) => name),
    preview: () =>
      on.server.store
        .list({ collection: 'networking.istio.io/v1/virtualservices', namespace: 'shop' })
        .find(({ metadata }) => metadata.name === 'checkout-preview') as VirtualService | undefined,
  }
}

const withBase = (base: Partial<Route>): VirtualService => {
  const virtualService = inGit()
  Object.assign(virtualService.spec.http[1]!, base)
  return virtualService
}

describe('a cohort', () => {
  it('has a clone of the route before it, to the side host, and leaves the route at rest as it is', async () => {
    const { put, route, names, list, record } = await open()
    await put(0, { match: COHORT })
    expect(names()).toEqual(['beta', `${PREFIX}match`, 'primary', 'old'])
    expect(route('match')).toEqual({
      name: `${PREFIX}match`,
      match: [{ uri: { prefix: '/checkout' }, headers: { 'x-team': { exact: 'till' } } }],
      retries: { attempts: 2, perTryTimeout: '0.5s' },
      route: [{ destination: { host: SIDE, port: { number: 80 } } }],
    })
    expect(list()).toEqual(inGit().spec.http[1]!.route)
    expect(record()).toMatchObject({ canary: CANARY, weights: { [STABLE]: 100 }, managed: [`${PREFIX}match`] })
  })

  it('is every combination of what the route matches and what it asks for', async () => {
    const base = withBase({ match: [{ uri: { prefix: '/a' } }, { headers: { 'x-b': { exact: '1' } } }] })
    const { put, route } = await open([base])
    await put(0, { match: [...COHORT, { headers: { 'x-c': { prefix: '2' } }, cookies: { user: { exact: 'ada' } } }] })
    const cookie = { regex: '(.*;)? *user=ada *(;.*)?' }
    expect(route('match')?.match).toEqual([
      { uri: { prefix: '/a' }, headers: { 'x-team': { exact: 'till' } } },
      { uri: { prefix: '/a' }, headers: { 'x-c': { prefix: '2' }, cookie } },
      { headers: { 'x-b': { exact: '1' }, 'x-team': { exact: 'till' } } },
      { headers: { 'x-b': { exact: '1' }, 'x-c': { prefix: '2' }, cookie } },
    ])
  })

  it('of a route that matches everything is matched alone', async () => {
    const virtualService = inGit()
    delete virtualService.spec.http[1]!['match']
    const { put, route } = await open([virtualService])
    await put(0, { match: COHORT })
    expect(route('match')?.match).toEqual([{ headers: { 'x-team': { exact: 'till' } } }])
  })

  it('alone is hit by a fault', async () => {
    const { put, route, list } = await open()
    await put(10, { match: COHORT, fault: { percent: 30, delayMs: 1_500 } })
    expect(route('match')?.['fault']).toEqual({ delay: { percentage: { value: 30 }, fixedDelay: '1.5s' } })
    await put(10, { match: COHORT, fault: { percent: 100, abort: 503 } }, 2)
    expect(route('match')?.['fault']).toEqual({ abort: { percentage: { value: 100 }, httpStatus: 503 } })
    await put(10, { match: COHORT }, 3)
    expect(route('match')).not.toHaveProperty('fault')
    expect(list()).toHaveLength(2)
  })
})

it('mirroring has a clone with the same destinations, whose copies go to the side host', async () => {
  const base = withBase({ mirror: { host: 'shadow' }, mirrorPercentage: { value: 5 } })
  const { put, route, list } = await open([base])
  await put(20, { mirror: { percent: 40 } })
  const clone = route('mirror')
  expect(clone?.route).toEqual(list())
  expect(clone?.['mirrors']).toEqual([
    { destination: { host: 'shadow' }, percentage: { value: 5 } },
    { destination: { host: SIDE, port: { number: 80 } }, percentage: { value: 40 } },
  ])
  expect(clone).not.toHaveProperty('mirror')
  expect(clone).not.toHaveProperty('mirrorPercentage')
})

describe('a preview', () => {
  it('is a VirtualService of its own that ends with the release', async () => {
    const { put, back, preview, router, target, live } = await open()
    const before = ofUser(live())
    await put(0, { preview: { host: 'preview.shop.example' } })
    expect(preview()?.spec).toEqual({
      hosts: ['preview.shop.example'],
      gateways: ['shop/gw', 'mesh'],
      http: [{ ...inGit().spec.http[1], route: [{ destination: { host: SIDE, port: { number: 80 } } }] }],
    })
    expect(preview()?.metadata.labels).toMatchObject({ 'sluice.dev/rollout': 'checkout' })
    expect(ofUser(live())).toBe(before)
    expect(await router.observe(target)).toMatchObject({ atRest: false })
    await back()
    expect(preview()).toBeUndefined()
    expect(await router.observe(target)).toMatchObject({ atRest: true })
  })

  it('is removed at rest even where the write that forgot it was cut off', async () => {
    const { put, preview, router, target, server } = await open()
    await put(0, { preview: { host: 'preview.shop.example' } })
    const kept = structuredClone(preview()!)
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
    server.put(VIRTUAL_SERVICES, kept)
    await router.restore(target, fence(2, 3))
    expect(preview()).toBeUndefined()
  })

  it('never touches a VirtualService of somebody else', async () => {
    const foreign = { ...inGit(), metadata: { name: 'checkout-preview', namespace: 'shop' } }
    const { put, preview, router, target, server } = await open()
    server.put(VIRTUAL_SERVICES, foreign)
    await expect(put(0, { preview: { host: 'p.example' } })).rejects.toMatchObject({ name: 'ForeignObject' })
    await router.restore(target, fence(2, 3))
    expect(preview()?.spec).toEqual(foreign.spec)
  })
})

describe('weights among some', () => {
  const among = COHORT

  it('divide only their requests, and are read from there', async () => {
    const { put, route, list, router, target, record } = await open()
    expect(await put(30, { among })).toEqual({ weights: { [STABLE]: 70, [CANARY]: 30 } })
    expect(list()).toEqual(inGit().spec.http[1]!.route)
    expect(route('among')?.route?.map(({ destination: { host }, weight }) => [host, weight])).toEqual([
      [hostOf(STABLE), 70],
      [hostOf(CANARY), 30],
    ])
    expect(await router.observe(target)).toMatchObject({ atRest: false, weights: { [CANARY]: 30 } })
    expect(record()?.rest).toBeDefined()
  })

  it('are gone with everything else after rollback --direct', async () => {
    const { put, direct, live, record } = await open()
    const before = ofUser(live())
    await put(30, { among, mirror: { percent: 5 } })
    expect(await direct()).toMatchObject({ from: CANARY, to: STABLE })
    expect(ofUser(live())).toBe(before)
    expect(record()).toMatchObject({ aborted: 2 })
    expect(record()).not.toHaveProperty('managed')
    await expect(put(30, { among }, 2)).rejects.toMatchObject({ name: 'AbortedOnRoute' })
  })

  it('that somebody took away are an edit towards stable', async () => {
    const { put, edit, router, target } = await open()
    await put(30, { among })
    edit({ spec: { http: inGit().spec.http } })
    expect(await router.observe(target)).toMatchObject({ foreign: { direction: 'towardsStable' } })
  })
})

it('a cohort that somebody took away is an edit towards stable, at weight 0 too', async () => {
  const { put, edit, router, target } = await open()
  await put(0, { match: COHORT })
  expect(await router.observe(target)).not.toHaveProperty('foreign')
  edit({ spec: { http: inGit().spec.http } })
  expect(await router.observe(target)).toMatchObject({ foreign: { direction: 'towardsStable' } })
  await put(0, { match: COHORT }, 2)
  expect(await router.observe(target)).not.toHaveProperty('foreign')
})

it('routes of ours that nobody planned are removed by whatever writes next, and those of another Rollout are kept', async () => {
  const stale = { name: `${PREFIX}match`, route: [{ destination: { host: SIDE } }] }
  const others = { name: 'cart.shop.sluice.dev/primary.match', route: [{ destination: { host: 'cart' } }] }
  const { server, names, router, target } = await open()
  const virtualService = inGit()
  virtualService.spec.http.splice(1, 0, stale, others)
  server.put(VIRTUAL_SERVICES, virtualService)
  expect(await router.observe(target)).toMatchObject({ atRest: false })
  await router.restore(target, fence(2, 1))
  expect(names()).toEqual(['beta', others.name, 'primary', 'old'])
})

it('of several route objects that one cannot carry it none is written', async () => {
  const second = inGit('mobile')
  second.spec.http[1]!['match'] = [{ headers: { 'x-team': { exact: 'web' } } }]
  const { put, live } = await open([inGit(), second])
  const before = ofUser(live())
  await expect(put(10, { match: COHORT })).rejects.toMatchObject({ name: 'Unroutable' })
  expect([ofUser(live()), live('mobile')?.spec]).toEqual([before, second.spec])
})

describe('what a route cannot say is refused with a sentence, before anything is written', () => {
  const affinity = { cookie: 'c', maxAgeMs: 1_000, token: 't', weights: [10] }
  it.each<[string, Aside, RegExp]>([
    ['everybody', { match: [{}] }, /is everybody/],
    ['one header twice', { match: [{ headers: { 'X-A': { exact: '1' }, 'x-a': { exact: '2' } } }] }, /header x-a/],
    ['a fault for all', { fault: { percent: 1, abort: 500 } }, /cohort only/],
    ['a fault without effect', { match: COHORT, fault: { percent: 1 } }, /a delay or an abort/],
    ['a mirror of more than all', { mirror: { percent: 101 } }, /101 %/],
    ['four cookies', { match: [{ cookies: cookies('a', 'b', 'c', 'd') }] }, /at most 3 cookies/],
    ['no cookie', { match: [{ cookies: cookies('a;b') }] }, /not a name/],
    ['a value with an end', { match: [{ cookies: { a: { exact: '1;' } } }] }, /has a ;/],
    ['what Istio ignores', { match: [{ headers: { method: { exact: 'GET' } } }] }, /not a header/],
    ['a cookie of two purposes', { among: [{ cookies: { c: { exact: '1' } } }], affinity }, /cookie c keeps/],
    ['weights that fall', { affinity: { ...affinity, weights: [20, 10] } }, /another token/],
    ['another weight', { affinity: { ...affinity, weights: [5] } }, /affinity is 5/],
    ['its own host', { preview: { host: 'shop.example' } }, /that of the service itself/],
  ])('%s', async (_, aside, words) => {
    const { put, writes } = await open()
    const before = writes()
    const refusal = await put(10, aside).then(String, (error: Error) => `${error.name}: ${error.message}`)
    expect(refusal).toMatch(/^Unroutable: /)
    expect(refusal).toMatch(words)
    expect(writes()).toBe(before)
  })

  it('a cookie on a route that replaces all cookies', async () => {
    const { put } = await open([withBase({ headers: { response: { set: { 'Set-Cookie': 'a=1' } } } })])
    await expect(put(10, { affinity })).rejects.toMatchObject({ name: 'Unroutable' })
  })
})

const cookies = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { exact: '1' }]))

it('the record is the only trace that a release with everything beside the weights leaves', async () => {
  const { put, router, target, live } = await open()
  const before = ofUser(live())
  const affinity = { cookie: 'c', maxAgeMs: 1_000, token: 't', weights: [5, 10] }
  await put(10, { match: COHORT, fault: { percent: 5, abort: 500 }, mirror: { percent: 7 }, affinity })
  expect(live()!.spec.http.length).toBeGreaterThan(6)
  await router.restore(target, fence(2, 5))
  expect(ofUser(live())).toBe(before)
  expect(Object.keys(JSON.parse(live()!.metadata.annotations![KEY]!) as object)).toEqual([
    'fence',
    'stable',
    'release',
    'committed',
  ])
})
