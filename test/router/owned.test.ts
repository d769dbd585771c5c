import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { APEX, CANARY, fence, hostOf, inGit, STABLE, stage } from './stage.ts'

const istio = { virtualServices: [], host: 'shop.example', gateways: ['gw'] }
const atRest = {
  hosts: ['shop.example'],
  gateways: ['gw'],
  http: [{ name: 'primary', route: [{ destination: { host: APEX } }] }],
}
const open = () => stage({ virtualServices: [], istio })

describe('a VirtualService of our own', () => {
  it('is made once, names the apex, and has the owner of its Rollout', async () => {
    const { router, target, live, writes } = await open()
    expect(await router.observe(target)).toMatchObject({ found: false, drifted: true })
    await router.own(target, STABLE)
    expect(live()?.spec).toEqual(atRest)
    expect(live()?.metadata.ownerReferences).toEqual([
      { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: 'checkout', uid: 'uid-1' },
    ])
    expect(await router.observe(target)).not.toHaveProperty('drifted')
    const before = writes()
    await router.own(target, STABLE)
    expect(writes()).toBe(before)
  })

  it('carries weights, and is at rest what it was', async () => {
    const { router, target, live, shift } = await open()
    await router.own(target, STABLE)
    await shift(25, fence(2, 1))
    expect(live()?.spec.http[0]?.route).toEqual([
      { destination: { host: hostOf(STABLE) }, weight: 75 },
      { destination: { host: hostOf(CANARY) }, weight: 25 },
    ])
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
    await router.restore(target, fence(2, 3))
    expect(live()?.spec).toEqual(atRest)
  })

  it('follows declared hosts and gateways, and keeps what somebody adds to its route', async () => {
    const { router, target, live, edit } = await open()
    await router.own(target, STABLE)
    const http = [{ ...atRest.http[0], retries: { attempts: 3 } }]
    edit({ spec: { http } })
    const other = { ...target, router: { istio: { virtualServices: [], host: 'till.example' } } }
    expect(await router.observe(other)).toMatchObject({ drifted: true })
    await router.own(other, STABLE)
    expect(live()?.spec).toEqual({ hosts: ['till.example'], http })
  })

  it('is not made where somebody else has one of that name', async () => {
    const { router, target, server, live } = await open()
    server.put(VIRTUAL_SERVICES, inGit())
    await expect(router.own(target, STABLE)).rejects.toMatchObject({ name: 'ForeignObject' })
    expect(live()?.spec).toEqual(inGit().spec)
  })

  it('is none where routes of somebody else are adopted', async () => {
    const { router, target, writes } = await stage()
    await router.own(target, STABLE)
    expect(writes()).toBe(0)
    expect(await router.observe(target)).not.toHaveProperty('drifted')
  })
})
