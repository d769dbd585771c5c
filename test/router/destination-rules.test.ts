import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, DESTINATION_RULES } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { CANARY, hostOf, STABLE, stage } from './stage.ts'

const rule = (name: string, spec: Record<string, unknown>) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name, namespace: 'shop' },
  spec,
})
const pool = { connectionPool: { tcp: { maxConnections: 10 } } }
const names = [`checkout-${STABLE}`, `checkout-${CANARY}`] as const

describe('destinations', () => {
  it('need no DestinationRule where nobody says anything', async () => {
    const { router, target, server, writes } = await stage()
    server.put(DESTINATION_RULES, rule('cart', { host: 'cart', trafficPolicy: pool }))
    const before = writes()
    await router.prepare(target, [STABLE, CANARY])
    expect(writes()).toBe(before)
  })

  it('get the declared policy per revision host', async () => {
    const { router, target, rule: made } = await stage({ istio: { trafficPolicy: pool } })
    await router.prepare(target, [STABLE, CANARY])
    expect(made(names[0])?.spec).toEqual({ host: hostOf(STABLE), trafficPolicy: pool })
    expect(made(names[1])?.spec).toEqual({ host: hostOf(CANARY), trafficPolicy: pool })
  })

  it('get a copy of what the apex host has, without its subsets', async () => {
    const { router, target, server, rule: made } = await stage()
    server.put(DESTINATION_RULES, rule('some', { host: 'checkout', workloadSelector: {}, trafficPolicy: {} }))
    const subsets = [{ name: 'gold', labels: { tier: 'gold' } }]
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout.shop', exportTo: ['.'], trafficPolicy: pool, subsets }))
    await router.prepare(target, [CANARY])
    expect(made(names[1])?.spec).toEqual({ host: hostOf(CANARY), exportTo: ['.'], trafficPolicy: pool })
  })

  it('have the owner of their Deployment, and hold no deletion back', async () => {
    const { router, target, server, rule: made } = await stage({ istio: { trafficPolicy: pool } })
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'checkout', uid: 'declared' }
    const metadata = {
      name: names[0],
      namespace: 'shop',
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    }
    server.put(DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata })
    await router.prepare(target, [STABLE, CANARY])
    expect(made(names[0])?.metadata.ownerReferences).toEqual([owner])
    expect(made(names[1])?.metadata.ownerReferences).toEqual([
      { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: 'checkout', uid: 'uid-1' },
    ])
  })

  it('follow what changes on the apex host, and leave with it', async () => {
    const { router, target, server, rule: made, writes } = await stage()
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: pool }))
    const both = [STABLE, CANARY]
    expect(await router.inStep(target, both)).toBe(false)
    await router.prepare(target, both)
    expect(await router.inStep(target, both)).toBe(true)
    const before = writes()
    await router.prepare(target, both)
    expect(writes()).toBe(before)

    const outlierDetection = { consecutive5xxErrors: 3 }
    const portLevelSettings = [{ port: { number: 80 }, outlierDetection }]
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: { ...pool, portLevelSettings } }))
    expect(await router.inStep(target, both)).toBe(false)
    await router.prepare(target, both)
    expect(made(names[0])?.spec).toEqual({ host: hostOf(STABLE), trafficPolicy: { ...pool, portLevelSettings } })
    expect(made(names[1])?.spec).toEqual({ host: hostOf(CANARY), trafficPolicy: { ...pool, portLevelSettings } })

    server.store.remove(placeOf(DESTINATION_RULES, 'shop'), 'all')
    expect(await router.inStep(target, both)).toBe(false)
    await router.prepare(target, both)
    expect(made(names[0])).toBeUndefined()
    expect(await router.inStep(target, both)).toBe(true)
  })

  it('are kept for selected clients beside those for all of them', async () => {
    const { router, target, server, rule: made } = await stage()
    const tills = { workloadSelector: { matchLabels: { app: 'till' } }, trafficPolicy: { tls: { mode: 'DISABLE' } } }
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: pool }))
    server.put(DESTINATION_RULES, rule('tills', { host: 'checkout', ...tills }))
    await router.prepare(target, [CANARY])
    expect(made(names[1])?.spec).toEqual({ host: hostOf(CANARY), trafficPolicy: pool })
    expect(made(`${names[1]}.tills`)?.spec).toEqual({ host: hostOf(CANARY), ...tills })
    await router.release(target, [CANARY])
    expect(made(`${names[1]}.tills`)).toBeUndefined()
    expect(made('tills')).toBeDefined()
  })

  it('follow on the side host too, where there is one', async () => {
    const { router, target, server, rule: made } = await stage()
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: pool }))
    await router.prepare(target, [CANARY])
    await router.prepareSide(target, CANARY)
    expect(await router.inStep(target, [CANARY])).toBe(true)
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: { tls: { mode: 'DISABLE' } } }))
    await router.prepare(target, [CANARY])
    expect(await router.inStep(target, [CANARY])).toBe(false)
    await router.prepareSide(target, CANARY)
    expect(await router.inStep(target, [CANARY])).toBe(true)
    expect(made(`${names[1]}-x`)?.spec).toMatchObject({ trafficPolicy: { tls: { mode: 'DISABLE' } } })
  })

  it('say which field keeps the requests of a client together', async () => {
    const sticky = { loadBalancer: { consistentHash: { httpCookie: { name: 'till', ttl: '0s' } } } }
    const plain = await stage({ istio: { trafficPolicy: pool } })
    plain.server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: sticky }))
    expect(await plain.router.affinity(plain.target)).toBeUndefined()

    const declared = await stage({ istio: { trafficPolicy: sticky } })
    expect(await declared.router.affinity(declared.target)).toBe('spec.router.istio.trafficPolicy')

    const copied = await stage()
    expect(await copied.router.affinity(copied.target)).toBeUndefined()
    const ofPort = { portLevelSettings: [{ port: { number: 80 }, ...sticky }] }
    copied.server.put(DESTINATION_RULES, rule('all', { host: 'checkout', trafficPolicy: ofPort }))
    expect(await copied.router.affinity(copied.target)).toBe('trafficPolicy of DestinationRule all')
  })

  it('are not made where somebody else has one of that name, which is left as it is', async () => {
    const { router, target, server, rule: made } = await stage({ istio: { trafficPolicy: pool } })
    server.put(DESTINATION_RULES, rule(names[1], { host: 'elsewhere' }))
    await expect(router.prepare(target, [STABLE, CANARY])).rejects.toMatchObject({
      name: 'ForeignObject',
      message: `DestinationRule ${names[1]} exists and is not of Rollout checkout; rename or delete it`,
    })
    expect(made(names[1])?.spec).toEqual({ host: 'elsewhere' })
  })

  it('are released by revision; the user’s own stay', async () => {
    const { router, target, server, rule: made } = await stage({ istio: { trafficPolicy: pool } })
    server.put(DESTINATION_RULES, rule('all', { host: 'checkout' }))
    await router.prepare(target, [STABLE, CANARY])
    await router.release(target, [STABLE])
    expect(made(names[0])).toBeUndefined()
    expect(made(names[1])).toBeDefined()
    expect(made('all')).toBeDefined()
  })
})
