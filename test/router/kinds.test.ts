import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { RouteTarget } from '../../router/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { APEX, CANARY, fence, hostOf, inGit, STABLE, stage, type VirtualService } from './stage.ts'

type Adopted = RouteTarget['router']['istio']['virtualServices'][number]

const with_ = (spec: Record<string, unknown>, metadata: object = {}): VirtualService => {
  const plain = inGit()
  return { ...plain, metadata: { ...plain.metadata, ...metadata }, spec: spec as VirtualService['spec'] }
}
const open = async (virtualService: VirtualService, adopted: Partial<Adopted>) => {
  const istio = { virtualServices: [{ name: 'checkout', routes: [], ...adopted }] }
  const on = await stage({ virtualServices: [virtualService], istio })
  const { namespace = '' } = virtualService.metadata
  const spec = () => on.server.store.read(placeOf(VIRTUAL_SERVICES, namespace), 'checkout').spec
  return { ...on, spec: () => spec() as VirtualService['spec'] & Record<'tls' | 'tcp' | 'http', object[]> }
}
const to = (host: string, more: object = {}) => [{ destination: { host, ...more } }]
const divided = (weight: number, more: object = {}) => [
  { destination: { host: hostOf(STABLE), ...more }, weight: 100 - weight },
  { destination: { host: hostOf(CANARY), ...more }, weight },
]
const unfit = (message: string) => ({ name: 'RouteMissing', message })

/** There and back: returns the spec at 25 %, and proves that it is at rest what it was, byte for byte. */
async function thereAndBack({ shift, router, target, spec }: Awaited<ReturnType<typeof open>>) {
  const before = JSON.stringify(spec())
  await shift(25, fence(2, 1))
  const during = structuredClone(spec())
  expect((await router.observe(target)).weights).toEqual({ [STABLE]: 75, [CANARY]: 25 })
  await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
  await router.restore(target, fence(2, 3))
  expect(JSON.stringify(spec())).toBe(before)
  return during
}

describe('a route without a name', () => {
  it('is the only http route with the apex as its destination', async () => {
    const http = [{ match: [{ uri: { exact: '/old' } }], redirect: { uri: '/' } }, { route: to('checkout') }]
    const on = await open(with_({ hosts: ['checkout'], http }), {})
    const during = await thereAndBack(on)
    expect(during.http).toEqual([http[0], { route: divided(25) }])
  })

  it('is refused where there are several, with their names', async () => {
    const http = [{ name: 'beta', route: to('checkout') }, { route: to('checkout.shop') }]
    const { shift } = await open(with_({ http }), {})
    await expect(shift(25)).rejects.toMatchObject(
      unfit(
        `2 http routes of VirtualService checkout have the destination ${APEX} (beta, spec.http[1], which has no name); say in routes which of them carry this service`,
      ),
    )
  })

  it('is refused where there is none', async () => {
    const { shift } = await open(with_({ http: [{ route: to('cart') }, { redirect: { uri: '/' } }] }), {})
    const message = `no http route of VirtualService checkout has a destination ${APEX} without subset`
    await expect(shift(25)).rejects.toMatchObject(unfit(message))
  })

  it('stays ours while a release runs, though somebody adds another way to the apex', async () => {
    const { shift, edit, router, target, spec } = await open(with_({ http: [{ route: to('checkout') }] }), {})
    await shift(25, fence(2, 1))
    edit({ spec: { http: [{ match: [{ uri: { exact: '/new' } }], route: to('checkout') }, ...spec().http] } })
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
    await router.restore(target, fence(2, 3))
    expect(spec().http).toEqual([
      { match: [{ uri: { exact: '/new' } }], route: to('checkout') },
      { route: to('checkout') },
    ])
  })
})

describe('a tls route', () => {
  const tls = [
    { match: [{ port: 443, sniHosts: ['a.example'] }], route: to('checkout', { port: { number: 443 } }) },
    { match: [{ port: 443, sniHosts: ['b.example', 'c.example'] }], route: to('checkout', { port: { number: 443 } }) },
    { match: [{ port: 8443, sniHosts: ['a.example'] }], route: to('cart') },
  ]

  it('is found by port and sniHosts, and divided by weight', async () => {
    const on = await open(with_({ tls }), { tlsRoutes: [{ port: 443, sniHosts: ['c.example'] }] })
    const during = await thereAndBack(on)
    expect(during.tls).toEqual([tls[0], { ...tls[1], route: divided(25, { port: { number: 443 } }) }, tls[2]])
  })

  it('is refused where two are meant, and where none is', async () => {
    const two = await open(with_({ tls }), { tlsRoutes: [{ port: 443 }] })
    await expect(two.shift(25)).rejects.toMatchObject(
      unfit(
        'VirtualService checkout has 2 tls routes that are meant by tls route of port 443; tell them apart by its port and sniHosts',
      ),
    )
    const none = await open(with_({ tls }), { tlsRoutes: [{ port: 9443 }] })
    await expect(none.shift(25)).rejects.toThrow(
      /has no tls route of port 9443 \(it has one of port 443 for a.example, /,
    )
    const foreign = await open(with_({ tls }), { tlsRoutes: [{ port: 8443 }] })
    await expect(foreign.shift(25)).rejects.toThrow(`the tls route of port 8443 of VirtualService checkout has no dest`)
  })
})

describe('a tcp route', () => {
  it('is found by port, and http and tls beside it stay as they are', async () => {
    const tcp = [
      { match: [{ port: 3306 }], route: to('checkout', { port: { number: 3306 } }) },
      { match: [{ port: 6379 }], route: to('cart') },
    ]
    const http = [{ route: to('checkout') }]
    const on = await open(with_({ http, tcp }), { tcpRoutes: [{ port: 3306 }] })
    const during = await thereAndBack(on)
    expect(during.tcp).toEqual([{ ...tcp[0], route: divided(25, { port: { number: 3306 } }) }, tcp[1]])
    expect(during.http).toEqual(http)
  })

  it('needs no port where it is the only one, and moves together with http', async () => {
    const spec = { http: [{ name: 'web', route: to('checkout') }], tcp: [{ route: to('checkout') }] }
    const on = await open(with_(spec), { routes: ['web'], tcpRoutes: [{}] })
    const during = await thereAndBack(on)
    expect(during.http[0]).toMatchObject({ route: divided(25) })
    expect(during.tcp[0]).toMatchObject({ route: divided(25) })
  })

  it('is refused where it is named twice', async () => {
    const tcp = [{ match: [{ port: 3306 }], route: to('checkout') }]
    const { shift } = await open(with_({ tcp }), { tcpRoutes: [{ port: 3306 }, {}] })
    await expect(shift(25)).rejects.toThrow('the tcp route of VirtualService checkout is named twice; leave one out')
  })
})

describe('a VirtualService of another namespace', () => {
  const edge = (host: string) => with_({ http: [{ name: 'primary', route: to(host) }] }, { namespace: 'edge' })

  it('names the apex by its full name, and gets it back', async () => {
    const on = await open(edge(APEX), { namespace: 'edge', routes: ['primary'] })
    const during = await thereAndBack(on)
    expect(during.http[0]).toMatchObject({ route: divided(25) })
  })

  it('means another Service by a short name', async () => {
    const { shift } = await open(edge('checkout'), { namespace: 'edge', routes: ['primary'] })
    await expect(shift(25)).rejects.toMatchObject(
      unfit(`route primary of VirtualService edge/checkout has no destination ${APEX} without subset`),
    )
  })
})

describe('a delegate', () => {
  it('carries the weights; the root that delegates is refused, and says to whom', async () => {
    const root = with_({ http: [{ name: 'primary', delegate: { name: 'till', namespace: 'tills' } }] })
    const { shift } = await open(root, { routes: ['primary'] })
    await expect(shift(25)).rejects.toMatchObject(
      unfit(
        'route primary of VirtualService checkout delegates to VirtualService tills/till, where the destinations are; name that one in virtualServices',
      ),
    )
    const delegate = await open(with_({ http: [{ name: 'primary', route: to('checkout') }] }), { routes: ['primary'] })
    expect((await thereAndBack(delegate)).http[0]).toMatchObject({ route: divided(25) })
  })
})
