import { expect, inject, test } from 'vitest'
import type { Aside, MatchRoute } from '../../crds/traffic.ts'
import { createIstioRouter, type RouteTarget } from '../../router/index.ts'
import { PRIMARY, ROLLOUT, ROUTES } from '../stage/shop.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

const STABLE = '1111111111'
const CANARY = '2222222222'
const cohort: MatchRoute[] = [
  { headers: { 'X-Team': { prefix: 'till' } }, cookies: { tester: { regex: 'a.*' }, lang: { exact: 'de' } } },
]
const affinity = { cookie: 'seen', maxAgeMs: 60_000, token: `2-${CANARY}`, weights: [5, 20, 30] }

/** The real API server with Istio's own validation; no pods, so nothing answers. */
test.concurrent.each<[string, Aside]>([
  ['delayed', { match: cohort, fault: { percent: 12, delayMs: 1 } }],
  ['aborted', { match: cohort, fault: { percent: 100, abort: 599 } }],
  ['split', { among: cohort, affinity }],
  ['copied', { mirror: { percent: 33 }, among: cohort }],
  ['shown', { preview: { host: 'preview.shop.local' }, affinity }],
  ['crowded', { match: cohort, mirror: { percent: 1 }, among: cohort, affinity, preview: { host: 'p.shop.local' } }],
])('Istio takes what is %s beside the weights, and nothing of it is left', async (name, aside) => {
  await using stage = await openStage({ access, name: `beside-${name}`, foreignShare: 10 })
  const { namespace } = stage
  const router = createIstioRouter({ kube: stage.kube })
  const target: RouteTarget = {
    namespace,
    name: ROLLOUT,
    uid: 'a-uid',
    router: { istio: { virtualServices: [{ name: ROUTES, routes: [PRIMARY] }] } },
    service: { name: ROLLOUT, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  }
  const fence = (seq: number) => ({ uid: 'a-uid', release: 2, seq })
  await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(1), stable: STABLE })
  await router.restore(target, fence(2))
  const before = JSON.stringify(stage.now().route?.spec)

  const weights = { [STABLE]: 70, [CANARY]: 30 }
  const beside = { canary: CANARY, ...aside }
  expect(await router.setTraffic(target, { weights, ...beside }, { fence: fence(3) })).toEqual({ weights })
  const observed = await router.observe(target, beside)
  expect(observed).toMatchObject({ atRest: false, found: true, weights })
  expect(observed).not.toHaveProperty('foreign')

  await router.restore(target, fence(4))
  expect(await router.observe(target)).toMatchObject({ atRest: true, found: true })
  await stage.until('the route is what it was', ({ route }) => JSON.stringify(route?.spec) === before)
})
