import { expect, it } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { restoreRoute } from '../../activities/traffic.ts'
import { API_VERSION } from '../../crds/names.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { APEX, CANARY, fence, inGit, KEY, STABLE, stage } from '../router/stage.ts'

/** The VirtualService that the engine makes, before it is made, or after somebody deleted it. */
async function gone() {
  const { router, target, live } = await stage({
    virtualServices: [],
    istio: { virtualServices: [], host: 'shop.example', gateways: ['gw'] },
  })
  return { deps: { router } as unknown as Deps, target, live }
}

it('after the commit a VirtualService of our own that is gone is made again, at rest', async () => {
  const { deps, target, live } = await gone()
  await restoreRoute(deps, { target, fence: fence(2, 1), stable: STABLE })
  expect(live()?.spec.http).toEqual([{ name: 'primary', route: [{ destination: { host: APEX } }] }])
})

it('the way back makes nothing', async () => {
  const { deps, target, live } = await gone()
  await expect(restoreRoute(deps, { target, fence: fence(2, 1) })).rejects.toMatchObject({ type: 'RouteMissing' })
  expect(live()).toBeUndefined()
})

it('the way back of a Rollout that is gone leaves no record on the route, that of one which stays does', async () => {
  const { router, target, live, server } = await stage()
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const deps = { kube, router } as unknown as Deps
  const metadata = { namespace: 'shop', name: 'checkout' }
  const { uid = '' } = server.put(ROLLOUTS, { apiVersion: API_VERSION, kind: 'Rollout', metadata }).metadata
  const whose = { ...target, uid }
  await router.setTraffic(whose, { weights: { [STABLE]: 90, [CANARY]: 10 } }, { fence: { uid, release: 2, seq: 1 } })
  await restoreRoute(deps, { target: whose, fence: { uid, release: 2, seq: 2 } })
  expect(live()?.metadata.annotations).toHaveProperty([KEY])
  server.store.remove(placeOf(ROLLOUTS, 'shop'), 'checkout')
  await restoreRoute(deps, { target: whose, fence: { uid, release: 2, seq: 3 } })
  expect(live()).toMatchObject({ metadata: { annotations: inGit().metadata.annotations }, spec: inGit().spec })
  expect(live()?.metadata.annotations).not.toHaveProperty([KEY])
})
