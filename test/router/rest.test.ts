import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { APEX, CANARY, fence, hostOf, inGit, KEY, ofUser, OTHER, STABLE, stage, withList } from './stage.ts'

describe('a rollback', () => {
  it('removes the canary wherever it stands, even in a route that is not ours', async () => {
    const { router, target, shift, live, edit } = await stage()
    await shift(25)
    const http = live()!.spec.http.map((route) =>
      route.name === 'beta' ? { ...route, route: [{ destination: { host: `checkout-${CANARY}` } }] } : route,
    )
    edit({ spec: { http } })
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
    expect(JSON.stringify(live()!.spec)).not.toContain(CANARY)
    expect(live()!.spec.http[0]!.route).toEqual([{ destination: { host: APEX } }])
  })

  it('takes the traffic back from a route that was renamed, and says that the named one is missing', async () => {
    const { router, target, shift, live, edit } = await stage()
    await shift(25)
    edit({
      spec: { http: live()!.spec.http.map((route) => (route.name === 'primary' ? { ...route, name: 'main' } : route)) },
    })
    const back = router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
    await expect(back).rejects.toMatchObject({ name: 'RouteMissing' })
    expect(JSON.stringify(live()!.spec)).not.toContain(CANARY)
  })

  it('works with a garbled annotation and with none', async () => {
    for (const text of ['{"fence":', null]) {
      const { router, target, shift, live, edit, list } = await stage()
      await shift(25)
      edit({ metadata: { annotations: { [KEY]: text } } })
      await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 2) })
      expect(JSON.stringify(live()!.spec)).not.toContain(CANARY)
      await router.restore(target, fence(2, 3))
      expect(list()).toEqual([{ destination: { host: APEX, port: { number: 80 } } }])
    }
  })

  it('at rest writes its fence and nothing else', async () => {
    const { install, router, target, live, record } = await stage()
    await install()
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 4) })
    expect(ofUser(live())).toBe(ofUser(inGit()))
    expect(record()).toEqual({ fence: 'uid-1:2.4', stable: STABLE, release: 2, committed: 1 })
  })
})

describe('going to rest', () => {
  it('gives back every byte of spec, labels and annotations, and keeps the record', async () => {
    const { install, shift, router, target, live, record } = await stage()
    await install()
    await shift(5, fence(2, 1))
    await router.restore(target, fence(2, 2))
    expect(ofUser(live())).toBe(ofUser(inGit()))
    expect(record()).toEqual({ fence: 'uid-1:2.2', stable: STABLE, release: 2, committed: 1 })
  })

  it('keeps what the user changed meanwhile', async () => {
    const { shift, router, target, live, edit, list } = await stage()
    await shift(5)
    const http = live()!.spec.http.map((route) => ({ ...route, timeout: '3s' }))
    http[1]!.route!.push({ destination: { host: 'cart' }, weight: 100 })
    edit({ spec: { http }, metadata: { labels: { team: 'till-two' } } })
    await shift(10, fence(2, 2))
    expect(list()?.map(({ weight }) => weight)).toEqual([90, 10, 100])
    await router.restore(target, fence(2, 3))
    expect(list()?.map(({ destination, weight }) => [destination.host, weight])).toEqual([
      [APEX, 100],
      ['cart', 100],
    ])
    expect(live()!.spec.http.every((route) => route['timeout'] === '3s')).toBe(true)
    expect(live()!.metadata.labels).toEqual({ team: 'till-two' })
  })

  it('takes a list that Git has put back in the meantime as it is', async () => {
    const { shift, router, target, live, edit } = await stage()
    await shift(5)
    edit({ spec: withList([{ destination: { host: 'checkout.shop' } }]).spec })
    await router.restore(target, fence(2, 2))
    expect(live()!.spec).toEqual(withList([{ destination: { host: 'checkout.shop' } }]).spec)
  })

  it('is refused while the apex serves another revision than stable', async () => {
    const { shift, router, target, pointApex, list } = await stage()
    await shift(5)
    pointApex(CANARY)
    await expect(router.restore(target, fence(2, 2))).rejects.toMatchObject({ name: 'ApexElsewhere' })
    expect(list()).toHaveLength(2)
  })

  it('works when the apex Service is gone with its Rollout', async () => {
    const { shift, router, target, live } = await stage({ apex: null, virtualServices: [inGit()] })
    await router.setTraffic(target, { weights: { [STABLE]: 100 } }, { fence: fence(2, 1), stable: STABLE })
    await shift(5, fence(2, 2))
    await router.restore(target, fence(2, 3))
    expect(ofUser(live())).toBe(ofUser(inGit()))
  })

  it('takes revision hosts that came back with somebody’s copy of the route off it', async () => {
    const copied = withList([{ destination: { host: hostOf(OTHER) }, weight: 100 }])
    const { install, router, target, list } = await stage({ virtualServices: [copied] })
    await expect(router.observe(target)).resolves.toMatchObject({ atRest: false })
    await install()
    await router.restore(target, fence(2, 1))
    expect(list()).toEqual([{ destination: { host: APEX } }])
  })

  it('leaves the spec to its owner in the eyes of the API server too, so that Git needs no force', async () => {
    const { shift, router, target, live, server, writes } = await stage()
    await shift(5)
    const entry = (manager: string, fieldsV1: unknown) => ({ manager, operation: 'Update', fieldsV1 })
    const annotation = { 'f:metadata': { 'f:annotations': {} } }
    const flux = entry('flux', { 'f:spec': { 'f:hosts': {} } })
    const managedFields = [flux, entry('sluice', { ...annotation, 'f:spec': { 'f:http': {} } })]
    server.put(VIRTUAL_SERVICES, { ...live()!, metadata: { ...live()!.metadata, managedFields } })
    await router.restore(target, fence(2, 2))
    expect(live()!.metadata.managedFields).toEqual([flux, entry('sluice', annotation)])
    const before = writes()
    await router.restore(target, fence(2, 2))
    expect(writes()).toBe(before)
  })
})
