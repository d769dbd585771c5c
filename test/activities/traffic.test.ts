import { describe, expect, it } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { restoreRoute, setTraffic } from '../../activities/traffic.ts'
import { API_VERSION } from '../../crds/names.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import type { Aside } from '../../crds/traffic.ts'
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

describe('traffic', () => {
  const give = async (ready: Record<string, number>, weights: Record<string, number>, aside?: Aside) => {
    const { router, target, live, list, install } = await stage()
    await install()
    const states = Object.entries(ready).map(([revision, count]) => ({ revision, replicas: 10, ready: count }))
    const deps = { router, workload: { revisions: () => Promise.resolve(states) } } as unknown as Deps
    const written = setTraffic(deps, { target, weights, fence: fence(2, 1), ...(aside ? { aside } : {}) })
    return { written, live, list }
  }
  const half = { [STABLE]: 50, [CANARY]: 50 }

  it('is not given to a revision without a ready pod while another has one', async () => {
    const { written, live } = await give({ [STABLE]: 10, [CANARY]: 0 }, half)
    await expect(written).rejects.toThrow(`revision ${CANARY} has no ready pod to carry traffic`)
    expect(live()?.spec).toEqual(inGit().spec)
  })

  it('is not given beside the weights either', async () => {
    const aside: Aside = { canary: CANARY, mirror: { percent: 10 } }
    const { written, live } = await give({ [STABLE]: 10, [CANARY]: 0 }, { [STABLE]: 100 }, aside)
    await expect(written).rejects.toThrow(`revision ${CANARY} has no ready pod`)
    expect(live()?.spec).toEqual(inGit().spec)
  })

  it('goes back to a stable that has one pod of ten: that is better than a canary which was found to be bad', async () => {
    const { written } = await give({ [STABLE]: 1, [CANARY]: 10 }, { [STABLE]: 100 })
    expect(await written).toEqual({ weights: { [STABLE]: 100 } })
  })

  it('waits for the first pod of stable before it goes back', async () => {
    const { written } = await give({ [STABLE]: 0, [CANARY]: 10 }, { [STABLE]: 100 })
    await expect(written).rejects.toThrow(`revision ${STABLE} has no ready pod`)
  })

  it('is moved as it is asked for where no revision has a ready pod: nothing is lost by it', async () => {
    const { written, list } = await give({ [STABLE]: 0, [CANARY]: 0 }, half)
    expect(await written).toEqual({ weights: half })
    expect(list()).toHaveLength(2)
  })
})
