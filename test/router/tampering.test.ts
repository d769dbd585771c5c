import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Aside } from '../../crds/traffic.ts'
import { APEX, CANARY, fence, hostOf, STABLE, stage, type Route } from './stage.ts'

/** What somebody does to what is beside the weights. */

const PREFIX = 'checkout.shop.sluice.dev/primary.'
const COHORT = [{ headers: { 'x-team': { exact: 'till' } } }]
const PREVIEW: Aside = { canary: CANARY, preview: { host: 'preview.shop.example' } }
const affinity = { cookie: 'seen', maxAgeMs: 60_000, token: 't', weights: [20] }
const KINDS: [string, number, Aside][] = [
  ['a cohort', 0, { match: COHORT }],
  ['a cohort beside weights', 20, { match: COHORT }],
  ['a fault', 10, { match: COHORT, fault: { percent: 30, delayMs: 1_500 } }],
  ['a mirror', 20, { mirror: { percent: 40 } }],
  ['a mirror at rest', 0, { mirror: { percent: 40 } }],
  ['an affinity', 20, { affinity }],
  ['all of it', 20, { affinity, match: COHORT, mirror: { percent: 5 } }],
  ['a test among some', 50, { among: COHORT }],
  ['a preview', 0, PREVIEW],
]

async function open(weight: number, aside: Aside) {
  const on = await stage()
  await on.install()
  const beside = { canary: CANARY, ...aside }
  const weights = { [STABLE]: 100 - weight, [CANARY]: weight }
  const put = (seq: number) => on.router.setTraffic(on.target, { weights, ...beside }, { fence: fence(2, seq) })
  await put(1)
  return {
    ...on,
    put,
    seen: () => on.router.observe(on.target, beside),
    change: (change: (http: Route[]) => Route[]) =>
      on.edit({ spec: { http: change(structuredClone(on.live()!.spec.http)) } }),
    preview: () => on.live('checkout-preview'),
  }
}

const only = (purpose: string, change: (route: Route) => Partial<Route>) => (http: Route[]) =>
  http.map((route) => (route.name === `${PREFIX}${purpose}` ? { ...route, ...change(route) } : route))

it.each(KINDS)('%s is as it was written, for who has just written it', async (_, weight, aside) => {
  const { seen } = await open(weight, aside)
  const found = await seen()
  expect(found).not.toHaveProperty('foreign')
  expect(found).not.toHaveProperty('preview')
})

describe('an edit inside a route of our own', () => {
  it('that takes from the canary is one towards stable', async () => {
    const { change, seen } = await open(0, { match: COHORT })
    change(only('match', () => ({ route: [{ destination: { host: APEX } }] })))
    expect(await seen()).toMatchObject({ foreign: { direction: 'towardsStable', manager: 'unknown' } })
  })

  it.each<[string, Aside, (http: Route[]) => Route[]]>([
    ['lets others in', { match: COHORT }, only('match', () => ({ match: [{ uri: { prefix: '/' } }] }))],
    [
      'takes the fault away',
      { match: COHORT, fault: { percent: 9, abort: 503 } },
      only('match', () => ({ fault: null })),
    ],
    ['ends the copies', { mirror: { percent: 40 } }, only('mirror', () => ({ mirrors: [] }))],
    ['puts it where nobody meets it', { match: COHORT }, (http) => http.toReversed()],
  ])('that %s is seen, and another write mends it', async (_, aside, edit) => {
    const { change, seen, put } = await open(20, aside)
    change(edit)
    expect(await seen()).toMatchObject({ found: true, foreign: { direction: 'beside' } })
    await put(2)
    expect(await seen()).not.toHaveProperty('foreign')
  })

  it('that the next write would make as well is none: a user’s route has a timeout now', async () => {
    const { change, seen } = await open(20, { match: COHORT })
    change((http) => http.map((route) => ({ ...route, timeout: '3s' })))
    expect(await seen()).not.toHaveProperty('foreign')
  })

  it('is nobody’s where something else was written last', async () => {
    const { router, target, back } = await openAndGoBack()
    await back()
    expect(await router.observe(target, { canary: CANARY, match: COHORT })).not.toHaveProperty('foreign')
  })
})

const openAndGoBack = async () => {
  const on = await open(20, { match: COHORT })
  const weights = { [STABLE]: 80, [CANARY]: 20 }
  return { ...on, back: () => on.router.setTraffic(on.target, { weights }, { fence: fence(2, 2) }) }
}

describe('the VirtualService of a preview', () => {
  it('that is deleted is missed, and another write makes it again', async () => {
    const { remove, seen, put, preview } = await open(0, PREVIEW)
    remove('checkout-preview')
    expect(await seen()).toMatchObject({ preview: 'VirtualService checkout-preview, the preview, is gone' })
    await put(2)
    expect(preview()?.spec.hosts).toEqual(['preview.shop.example'])
    expect(await seen()).not.toHaveProperty('preview')
  })

  it('that leads elsewhere names who changed it, and another write mends it', async () => {
    const { server, preview, seen, put } = await open(0, PREVIEW)
    const { metadata, spec } = preview()!
    const managedFields = [{ manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:spec': {} } }]
    const http = [{ route: [{ destination: { host: hostOf(STABLE) } }] }]
    server.put(VIRTUAL_SERVICES, { ...preview()!, metadata: { ...metadata, managedFields }, spec: { ...spec, http } })
    expect((await seen()).preview).toBe('kubectl-edit changed VirtualService checkout-preview, the preview')
    await put(2)
    expect(await seen()).not.toHaveProperty('preview')
  })

  it('that is behind its route says so', async () => {
    const { change, seen } = await open(0, PREVIEW)
    change((http) => http.map((route) => (route.name === 'primary' ? { ...route, match: [{ port: 80 }] } : route)))
    expect((await seen()).preview).toBe('VirtualService checkout-preview, the preview, is not as its routes are now')
  })

  it('is not asked for at rest', async () => {
    const { server, router, target } = await stage()
    const before = server.requests.length
    await router.observe(target)
    const asked = server.requests.slice(before).filter(({ path }) => path.includes('checkout-preview'))
    expect(asked).toEqual([])
  })
})
