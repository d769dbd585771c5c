import { describe, expect, it } from 'vitest'
import { APEX, CANARY, fence, hostOf, inGit, KEY, OTHER, STABLE, stage, withList } from './stage.ts'

describe('a weight', () => {
  it('names both revisions by their full hosts and keeps port, retries and every other route', async () => {
    const { shift, list, live } = await stage()
    expect(await shift(5)).toEqual({ weights: { [STABLE]: 95, [CANARY]: 5 } })
    expect(list()).toEqual([
      { destination: { host: hostOf(STABLE), port: { number: 80 } }, weight: 95 },
      { destination: { host: hostOf(CANARY), port: { number: 80 } }, weight: 5 },
    ])
    const [beta, primary, old] = live()!.spec.http
    const before = inGit().spec.http
    expect([beta, old]).toEqual([before[0], before[2]])
    expect({ ...primary, route: [] }).toEqual({ ...before[1], route: [] })
  })

  it('rises, falls and goes to 0, where the canary is not named any more', async () => {
    const { shift, list, record } = await stage()
    await shift(5, fence(2, 1))
    await shift(50, fence(2, 2))
    expect(list()?.map(({ weight }) => weight)).toEqual([50, 50])
    await shift(0, fence(2, 3))
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(STABLE)])
    expect(record()).toMatchObject({ fence: 'uid-1:2.3', stable: STABLE, canary: CANARY, release: 2 })
  })

  it('is not written twice', async () => {
    const { shift, writes } = await stage()
    await shift(5)
    const before = writes()
    expect(await shift(5)).toEqual({ weights: { [STABLE]: 95, [CANARY]: 5 } })
    expect(writes()).toBe(before)
  })

  it.each([
    'checkout',
    'checkout.shop',
    'checkout.shop.svc',
    'checkout.shop.svc.cluster.local',
    'CHECKOUT.shop.svc.cluster.local.',
  ])('finds the apex written as %s', async (host) => {
    const { shift, list } = await stage({ virtualServices: [withList([{ destination: { host } }])] })
    await shift(10)
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(STABLE), hostOf(CANARY)])
  })

  it.each(['checkout.other', 'checkout.example.com', `checkout-${OTHER}.other`])(
    'takes %s for somebody else, whatever stands before its first dot',
    async (host) => {
      const foreign = { destination: { host }, weight: 40 }
      const { shift, list } = await stage({
        virtualServices: [withList([foreign, { destination: { host: 'checkout' }, weight: 60 }])],
      })
      await shift(50)
      expect(list()?.[0]).toEqual(foreign)
      expect(list()?.map(({ weight }) => weight)).toEqual([40, 30, 30])
    },
  )

  it('leaves a subset of the apex to the user, and multiplies weights that cannot be divided', async () => {
    const subset = { destination: { host: 'checkout', subset: 'gold' }, weight: 50 }
    const { shift, list } = await stage({
      virtualServices: [withList([{ destination: { host: 'checkout' }, weight: 50 }, subset])],
    })
    await shift(5)
    expect(list()?.map(({ destination, weight }) => [destination.host, weight])).toEqual([
      [hostOf(STABLE), 95],
      [hostOf(CANARY), 5],
      ['checkout', 100],
    ])
  })

  it('survives writers in between', async () => {
    const { shift, record, edit, server } = await stage()
    let touched = 0
    server.interfere(({ method }) => {
      if (method === 'PATCH' && touched < 3) edit({ metadata: { labels: { touched: String((touched += 1)) } } })
      return undefined
    })
    await shift(5)
    expect(record()?.weights).toEqual({ [STABLE]: 95, [CANARY]: 5 })
  })

  it('gives up after many of them, and says so', async () => {
    const { shift, edit, server } = await stage()
    let touched = 0
    server.interfere(({ method }) => {
      if (method === 'PATCH') edit({ metadata: { labels: { touched: String((touched += 1)) } } })
      return undefined
    })
    await expect(shift(5)).rejects.toThrow(/has been modified/)
    expect(touched).toBeLessThan(20)
  })

  it('that somebody overwrites at once is not reported as written', async () => {
    const { shift, edit, server } = await stage()
    let patched = false
    server.interfere(({ method }) => {
      if (method === 'GET' && patched) edit({ spec: inGit().spec })
      patched ||= method === 'PATCH'
      return undefined
    })
    await expect(shift(5)).rejects.toMatchObject({ name: 'ReadBackMismatch' })
  })

  it.each([
    { [STABLE]: 90, [CANARY]: 5 },
    { [STABLE]: 99.5, [CANARY]: 0.5 },
    { [STABLE]: 110, [CANARY]: -10 },
  ])('of %o is refused', async (weights) => {
    const { router, target } = await stage()
    await expect(router.setTraffic(target, { weights }, { fence: fence() })).rejects.toThrow(/add up to 100/)
  })
})

describe('a missing route', () => {
  it('is an error of its own: object, name, or destination', async () => {
    const gone = await stage()
    gone.remove()
    await expect(gone.shift(5)).rejects.toMatchObject({
      name: 'RouteMissing',
      message: 'VirtualService checkout is gone',
    })
    const renamed = await stage()
    renamed.edit({ spec: { http: [{ name: 'main', route: [{ destination: { host: 'checkout' } }] }] } })
    await expect(renamed.shift(5)).rejects.toMatchObject({ name: 'RouteMissing' })
    const elsewhere = await stage({ virtualServices: [withList([{ destination: { host: 'cart' } }])] })
    await expect(elsewhere.shift(5)).rejects.toThrow(`no destination ${APEX}`)
    expect(renamed.live()?.metadata.annotations?.[KEY]).toBeUndefined()
  })

  it('is one too when two routes have the name', async () => {
    const twice = inGit()
    twice.spec.http.push({ ...twice.spec.http[1]! })
    const { shift } = await stage({ virtualServices: [twice] })
    await expect(shift(5)).rejects.toThrow(/2 http routes named primary/)
  })
})

describe('a fence', () => {
  it('keeps older writes out, and lets the same, later and other ones pass', async () => {
    const { shift, router, target, list } = await stage()
    await shift(50, fence(2, 5))
    for (const older of [fence(2, 4), fence(1, 9)]) {
      await expect(shift(60, older)).rejects.toMatchObject({ name: 'FencedOff' })
      await expect(router.restore(target, older)).rejects.toMatchObject({ name: 'FencedOff' })
    }
    expect(list()?.[1]?.weight).toBe(50)
    await shift(50, fence(2, 5))
    await shift(20, fence(3, 1))
    await shift(10, fence(1, 1, 'uid-2'))
    expect(list()?.[1]?.weight).toBe(10)
  })
})
