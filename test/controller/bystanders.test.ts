import { describe, expect, it } from 'vitest'
import { BYSTANDERS, DESTINATION_RULES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { stage } from './stage.ts'

const APEX = 'checkout.shop.svc.cluster.local'
const istio = { apiVersion: 'networking.istio.io/v1' }
const sidecars = BYSTANDERS.find(({ kind }) => kind === 'Sidecar')!
const routerWith = (acknowledge: string[]) => ({
  router: {
    istio: { virtualServices: [{ name: 'checkout', routes: ['primary'] }], acknowledge },
    settle: '500ms',
    onForeignEdit: 'abort',
  },
})

describe('whoever else names the apex host', () => {
  it('keeps a release from its beginning until somebody says that he knows', async () => {
    const { server, start, declare, stalled, looks } = await stage()
    declare('checkout', 'one')
    server.put(VIRTUAL_SERVICES, {
      ...istio,
      kind: 'VirtualService',
      metadata: { name: 'edge', namespace: 'edge' },
      spec: { http: [{ route: [{ destination: { host: APEX } }] }] },
    })
    server.put(sidecars, {
      ...istio,
      kind: 'Sidecar',
      metadata: { name: 'default', namespace: 'shop' },
      spec: { egress: [{ hosts: [`./${APEX}`] }] },
    })
    start()
    await eventually(() =>
      expect(stalled('checkout')).toEqual({
        reason: 'InvalidSpec',
        message: `spec.router.istio.acknowledge: while a release runs, requests go to hosts of revisions instead of ${APEX}, and others name that host: VirtualService/edge/edge routes to it, whose requests see only stable; Sidecar/default lets proxies know it, and not the hosts of revisions. Change them, or acknowledge that you know: [VirtualService/edge/edge, Sidecar/default]`,
      }),
    )
    declare('checkout', 'one', routerWith(['VirtualService/edge/edge']))
    await eventually(() => expect(stalled('checkout')?.message).toMatch(/name that host: Sidecar\/default lets/))
    expect(looks('checkout')).toBe(0)
    declare('checkout', 'one', routerWith(['VirtualService/edge/edge', 'Sidecar/default']))
    await eventually(() => expect(looks('checkout')).toBe(1))
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
  })

  it('is nobody where a kind does not exist or may not be read', async () => {
    const { server, start, declare, looks } = await stage()
    declare('checkout', 'one')
    server.interfere(({ path }) => {
      if (path.endsWith('/httproutes'))
        return { code: 404, reason: 'NotFound', message: 'the server could not find it' }
      return path.endsWith('/envoyfilters') ? { code: 403, reason: 'Forbidden', message: 'not for you' } : undefined
    })
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('changes nothing of what serves, or of a release that has begun', async () => {
    const { server, start, declare, serves, begins, size, looks, stalled } = await stage()
    for (const name of ['checkout', 'cart']) {
      declare(name, 'one')
      serves(name, 'one')
    }
    declare('cart', 'two')
    begins('cart', 'two')
    size('checkout', 'one', 1)
    for (const host of ['checkout', 'cart']) {
      server.put(VIRTUAL_SERVICES, {
        ...istio,
        kind: 'VirtualService',
        metadata: { name: `other-${host}`, namespace: 'shop' },
        spec: { http: [{ route: [{ destination: { host } }] }] },
      })
    }
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    await eventually(() => expect(looks('cart')).toBe(1))
    expect([stalled('checkout'), stalled('cart')]).toEqual([undefined, undefined])
  })
})

describe('a DestinationRule of the apex host', () => {
  it('is told to the run of a release whenever it is another one', async () => {
    const { server, start, declare, serves, begins, looks, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    const rule = (name: string, host: string, labels = {}) =>
      server.put(DESTINATION_RULES, {
        ...istio,
        kind: 'DestinationRule',
        metadata: { name, namespace: 'shop', labels },
        spec: { host, trafficPolicy: {} },
      })
    rule('cart', 'cart')
    rule('checkout-1111111111', 'checkout', { 'sluice.dev/revision': '1111111111' })
    await caughtUp()
    expect(looks('checkout')).toBe(1)
    rule('checkout', 'checkout')
    await eventually(() => expect(looks('checkout')).toBe(2))
  })
})
