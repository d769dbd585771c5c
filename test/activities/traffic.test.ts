import { expect, it } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { restoreRoute } from '../../activities/traffic.ts'
import { APEX, fence, STABLE, stage } from '../router/stage.ts'

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
