import { describe, expect, it } from 'vitest'
import { SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { revision, stage } from './stage.ts'

describe('an invalid spec', () => {
  const invalid = (message: string) => ({ reason: 'InvalidSpec', message })

  it('starts nothing, names what is missing, and starts when it is there', async () => {
    const { start, declare, removeRoute, editRoute, stalled, looks, status } = await stage()
    declare('checkout', 'one')
    removeRoute('checkout')
    start()
    await eventually(() =>
      expect(stalled('checkout')).toEqual(
        invalid(
          'spec.router.istio.virtualServices[0].name: there is no VirtualService checkout in namespace shop; create it or name another',
        ),
      ),
    )
    editRoute('checkout', [{ name: 'static' }])
    await eventually(() =>
      expect(stalled('checkout')).toEqual(
        invalid(
          'spec.router.istio.virtualServices[0]: VirtualService checkout has no http route named primary (it has static); name that route in the VirtualService, or another one in routes',
        ),
      ),
    )
    expect(status('checkout')?.observedGeneration).toBe(1)
    expect(looks('checkout')).toBe(0)
    editRoute('checkout', [{ name: 'static' }, { name: 'primary' }])
    await eventually(() => expect(looks('checkout')).toBe(1))
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
  })

  it('is what the younger of two Rollouts on one route has, until the older is gone', async () => {
    const { start, declare, serves, editRoute, removeRoute, remove, stalled, looks } = await stage()
    const both = ['a-checkout', 'b-checkout'].map((host) => ({ destination: { host }, weight: 50 }))
    editRoute('a-checkout', [{ name: 'primary', route: both }])
    declare('a-checkout', 'one')
    serves('a-checkout', 'one')
    const router = { istio: { virtualServices: [{ name: 'a-checkout', routes: ['primary'] }] } }
    declare('b-checkout', 'one', { router })
    removeRoute('b-checkout')
    start()
    await eventually(() =>
      expect(stalled('b-checkout')).toEqual(
        invalid(
          'spec.router.istio.virtualServices: route a-checkout/primary belongs to Rollout a-checkout; name another or delete one of the two',
        ),
      ),
    )
    expect(stalled('a-checkout')).toBeUndefined()
    remove('a-checkout')
    await eventually(() => expect(looks('b-checkout')).toBe(1))
  })

  it('is what names the Service of somebody else, until it is given to the Rollout', async () => {
    const { server, start, declare, stalled, looks } = await stage()
    declare('checkout', 'one')
    const metadata = { name: 'checkout', namespace: 'shop' }
    server.put(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'till' } } })
    start()
    await eventually(() =>
      expect(stalled('checkout')?.message).toMatch(
        /^spec\.service\.name: Service checkout exists and was made by somebody/,
      ),
    )
    expect(stalled('checkout')?.reason).toBe('InvalidSpec')
    expect(looks('checkout')).toBe(0)
    const labels = { 'sluice.dev/rollout': 'checkout' }
    server.put(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, labels }, spec: {} })
    await eventually(() => expect(looks('checkout')).toBe(1))
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
  })

  it('does not take a running release from its run', async () => {
    const { start, declare, serves, begins, removeRoute, looks, stalled } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    removeRoute('checkout')
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    expect(stalled('checkout')).toBeUndefined()
  })
})

describe('a route at rest', () => {
  it('may be edited as anyone likes', async () => {
    const { start, declare, serves, editRoute, looks, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    await caughtUp()
    editRoute('checkout', [{ name: 'primary' }, { name: 'another' }])
    await caughtUp()
    expect(looks('checkout')).toBe(0)
  })

  it('is looked at when it was left behind, or names another stable revision', async () => {
    const { start, declare, serves, writesRoute, looks } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    writesRoute('checkout', 5, { fence: 'u:1.1', rest: {} })
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    writesRoute('checkout', 0, { fence: 'u:1.2', stable: revision('zero') })
    await eventually(() => expect(looks('checkout')).toBe(2))
  })
})

describe('an idle controller', () => {
  it('asks and writes nothing, whatever wakes it', async () => {
    const { start, declare, serves, size, server, caughtUp } = await stage()
    const names = Array.from({ length: 20 }, (_, index) => `service-${index}`)
    for (const name of names) {
      declare(name, 'one')
      serves(name, 'one')
    }
    start()
    await caughtUp()
    const before = server.requests.length
    for (const name of names) {
      serves(name, 'one')
      size(name, 'one', 3)
      declare(name, 'one')
    }
    await caughtUp()
    expect(server.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })

  it('judges nothing before all of its caches are complete', async () => {
    const { start, declare, serves, server, temporal, looks, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    server.interfere(({ path }) =>
      path.endsWith('/releases') ? { code: 403, reason: 'Forbidden', message: 'not yet' } : undefined,
    )
    const controller = start()
    await eventually(() => expect(server.watches()).toBe(10))
    expect(controller.ready()).toBe(false)
    expect(temporal.looks).toEqual([])
    server.interfere(() => undefined)
    await caughtUp()
    expect(controller.ready()).toBe(true)
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('does not take back what the release wrote while it looked', async () => {
    const { start, declare, serves, begins, ends, server, status, stalled } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    ends('checkout', 'two', 'RolledBack', 'old words')
    server.interfere(({ method }) => {
      if (method === 'PATCH' && status('checkout')?.message === 'old words')
        ends('checkout', 'two', 'RolledBack', 'new words')
      return undefined
    })
    start()
    await eventually(() => expect(stalled('checkout')?.message).toBe('new words'))
  })
})
