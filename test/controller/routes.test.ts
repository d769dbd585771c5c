import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { stage } from './stage.ts'

const APEX = 'checkout.shop.svc.cluster.local'
const istio = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' }
const to = (host: string, more: object = {}) => [{ destination: { host, ...more } }]
const adopting = (...virtualServices: object[]) => ({
  router: { istio: { virtualServices }, settle: '500ms', onForeignEdit: 'abort' },
})
const owning = (more: object) => ({
  router: { istio: { virtualServices: [], ...more }, settle: '500ms', onForeignEdit: 'abort' },
})
const plain = { name: 'checkout', routes: [] }

type Stage = Awaited<ReturnType<typeof stage>>
const put = ({ server }: Stage, spec: object, metadata: object = {}) =>
  server.put(VIRTUAL_SERVICES, { ...istio, metadata: { name: 'checkout', namespace: 'shop', ...metadata }, spec })
const refused = (on: Stage, message: string, name = 'checkout') =>
  eventually(() => expect(on.stalled(name)).toEqual({ reason: 'InvalidSpec', message }))

describe('routes that cannot carry a Rollout', () => {
  it('are those of which nobody says which one is meant', async () => {
    const on = await stage()
    put(on, {
      http: [
        { name: 'a', route: to('checkout') },
        { name: 'b', route: to('checkout') },
      ],
    })
    on.declare('checkout', 'one', adopting(plain))
    on.start()
    await refused(
      on,
      `spec.router.istio.virtualServices[0]: 2 http routes of VirtualService checkout have the destination ${APEX} (a, b); say in routes which of them carry this service`,
    )
    put(on, { http: [{ route: to('checkout') }] })
    await eventually(() => expect(on.looks('checkout')).toBe(1))
  })

  it('are those that delegate, and those that divide the pods of the Service by subset', async () => {
    const on = await stage()
    put(on, { http: [{ name: 'primary', delegate: { name: 'till' } }] })
    on.declare('checkout', 'one')
    on.start()
    await refused(
      on,
      'spec.router.istio.virtualServices[0]: route primary of VirtualService checkout delegates to VirtualService till, where the destinations are; name that one in virtualServices',
    )
    const weighted = [
      { ...to('checkout')[0], weight: 90 },
      { ...to('checkout', { subset: 'gold' })[0], weight: 10 },
    ]
    put(on, { http: [{ name: 'primary', route: weighted }] })
    await refused(
      on,
      `spec.router.istio.virtualServices[0]: route primary of VirtualService checkout divides ${APEX} by subset (gold); a revision has no subsets, and the share of the subset would follow no release: send that part to a Service of its own, or to ${APEX} without subset`,
    )
    expect(on.looks('checkout')).toBe(0)
  })

  it('are tcp routes that are meant by two of a port', async () => {
    const on = await stage()
    put(on, {
      tcp: [
        { match: [{ port: 80 }], route: to('checkout') },
        { match: [{ port: 80 }], route: to('cart') },
      ],
    })
    on.declare('checkout', 'one', adopting({ ...plain, tcpRoutes: [{ port: 80 }] }))
    on.start()
    await refused(
      on,
      'spec.router.istio.virtualServices[0]: VirtualService checkout has 2 tcp routes that are meant by tcp route of port 80; tell them apart by its port',
    )
    expect(on.looks('checkout')).toBe(0)
  })

  it('are those of another namespace that mean a Service there', async () => {
    const on = await stage()
    on.declare('checkout', 'one', adopting({ name: 'checkout', namespace: 'edge', routes: [] }))
    on.start()
    await refused(
      on,
      'spec.router.istio.virtualServices[0].name: there is no VirtualService checkout in namespace edge; create it or name another',
    )
    on.removeRoute('checkout')
    put(on, { http: [{ name: 'x', route: to('checkout') }] }, { namespace: 'edge' })
    await refused(
      on,
      `spec.router.istio.virtualServices[0]: the http route of VirtualService edge/checkout has no destination ${APEX} without subset`,
    )
    put(on, { http: [{ name: 'x', route: to(APEX) }] }, { namespace: 'edge' })
    await eventually(() => expect(on.looks('checkout')).toBe(1))
  })

  it('belong to an older Rollout, however the two say which one they mean', async () => {
    const on = await stage()
    const both = ['a-till', 'b-till'].map((host) => ({ destination: { host }, weight: 50 }))
    put(on, { tcp: [{ match: [{ port: 80 }], route: both }] })
    on.declare('a-till', 'one', adopting({ ...plain, tcpRoutes: [{}] }))
    on.declare('b-till', 'one', adopting({ ...plain, tcpRoutes: [{ port: 80 }] }))
    for (const name of ['a-till', 'b-till']) on.removeRoute(name)
    on.start()
    await refused(
      on,
      'spec.router.istio.virtualServices: route checkout/tcp route of port 80 belongs to Rollout a-till; name another or delete one of the two',
      'b-till',
    )
    expect(on.stalled('a-till')).toBeUndefined()
  })
})

describe('a VirtualService of the engine', () => {
  it('is not made where somebody else has one of that name', async () => {
    const on = await stage()
    on.declare('checkout', 'one', owning({ host: 'shop.example' }))
    on.start()
    await refused(
      on,
      'spec.router.istio.host: VirtualService checkout exists and is not of Rollout checkout; delete or rename it, or adopt its routes with virtualServices',
    )
    on.removeRoute('checkout')
    await eventually(() => expect(on.looks('checkout')).toBe(1))
  })

  it('is looked at when it is gone, or is not as declared', async () => {
    const on = await stage()
    const labels = { 'sluice.dev/rollout': 'checkout' }
    const spec = { hosts: ['shop.example'], http: [{ name: 'primary', route: to('checkout') }] }
    put(on, spec, { labels })
    on.declare('checkout', 'one', owning({ host: 'shop.example' }))
    on.serves('checkout', 'one')
    on.start()
    await on.caughtUp()
    expect(on.looks('checkout')).toBe(0)
    on.declare('checkout', 'one', owning({ host: 'till.example' }))
    await eventually(() => expect(on.looks('checkout')).toBe(1))
    put(on, { hosts: ['till.example'] })
    on.removeRoute('checkout')
    await eventually(() => expect(on.looks('checkout')).toBe(2))
  })
})
