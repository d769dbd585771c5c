import { describe, expect, it } from 'vitest'
import { CANARY, fence, hostOf, inGit, ofUser, OTHER, STABLE, stage } from './stage.ts'

async function promoted() {
  const on = await stage()
  await on.install()
  await on.shift(50, fence(2, 1))
  await on.router.setTraffic(on.target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 2), stable: CANARY })
  const settle = async () => {
    on.pointApex(CANARY)
    await on.router.restore(on.target, fence(2, 3))
  }
  return { ...on, settle }
}

describe('rollback on the route alone', () => {
  it('during a release goes back to stable at rest, keeps the fence and names the release', async () => {
    const { install, shift, direct, live, record } = await stage()
    await install()
    await shift(25, fence(2, 3))
    expect(await direct()).toEqual({ release: 2, from: CANARY, to: STABLE })
    expect(ofUser(live())).toBe(ofUser(inGit()))
    expect(record()).toEqual({ fence: 'uid-1:2.3', stable: STABLE, release: 2, committed: 1, aborted: 2 })
  })

  it('does not trust an apex that serves another revision', async () => {
    const { install, shift, direct, list, pointApex } = await stage()
    await install()
    await shift(25)
    pointApex(CANARY)
    await direct()
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(STABLE)])
  })

  it('after the commit goes back to the revision before, which is stable again', async () => {
    for (const settled of [false, true]) {
      const { direct, warm, list, record, settle, router, target } = await promoted()
      if (settled) await settle()
      warm(STABLE)
      expect(await direct()).toEqual({ release: 2, from: CANARY, to: STABLE })
      expect(list()?.map(({ destination, weight }) => [destination.host, weight])).toEqual([[hostOf(STABLE), 100]])
      expect(record()).toMatchObject({ stable: STABLE, aborted: 2, weights: { [STABLE]: 100 } })
      expect(record()).not.toHaveProperty('previous')
      expect(await router.observe(target)).not.toHaveProperty('foreign')
    }
  })

  it('after the commit keeps a workflow that has not heard of it from giving the traffic to the canary again', async () => {
    const { direct, warm, pointApex, router, target, list } = await promoted()
    warm(STABLE)
    await direct()
    pointApex(CANARY)
    await expect(router.restore(target, fence(2, 3))).rejects.toMatchObject({ name: 'ApexElsewhere' })
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(STABLE)])
    pointApex(STABLE)
    await router.restore(target, fence(2, 4))
    expect(list()).toEqual(inGit().spec.http[1]!.route)
  })

  it('may be repeated', async () => {
    for (const on of [await stage(), await promoted()]) {
      if (!on.record()) {
        await on.install()
        await on.shift(25)
      }
      on.warm(STABLE)
      await on.direct()
      const [before, writes] = [JSON.stringify(on.live()), on.writes()]
      expect(await on.direct()).toMatchObject({ release: 2, to: STABLE })
      expect(JSON.stringify(on.live())).toBe(before)
      expect(on.writes()).toBe(writes)
    }
  })

  it('is refused when the pods or the Service of the revision before are gone', async () => {
    const { direct, warm, list } = await promoted()
    await expect(direct()).rejects.toThrow(/Service checkout-1111111111 is gone; declare the older version again/)
    warm(STABLE, 0)
    await expect(direct()).rejects.toThrow(/has no ready pod; declare the older version again/)
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(CANARY)])
  })

  it('is refused when the last release was rolled back already: further back is no emergency', async () => {
    const { direct, settle, shift, router, target, warm, writes } = await promoted()
    await settle()
    warm(STABLE)
    await shift(5, fence(3, 1), CANARY, OTHER)
    await router.restore(target, fence(3, 2))
    const before = writes()
    await expect(direct()).rejects.toMatchObject({ name: 'NothingToReturnTo' })
    expect(writes()).toBe(before)
  })

  it('is refused where no release ever wrote', async () => {
    const { direct } = await stage()
    await expect(direct()).rejects.toThrow(/no record of a release/)
  })

  it('lowers every route object it can, and reports the one that refuses', async () => {
    const { install, shift, direct, server, live } = await stage({ virtualServices: [inGit('east'), inGit('west')] })
    await install()
    await shift(25)
    const refusal = { code: 403, reason: 'Forbidden', message: 'frozen by policy' }
    server.interfere(({ method, path }) => (method === 'PATCH' && path.endsWith('/east') ? refusal : undefined))
    await expect(direct()).rejects.toThrow(/frozen by policy/)
    expect(ofUser(live('west'))).toBe(ofUser(inGit('west')))
    server.interfere(() => undefined)
    expect(await direct()).toMatchObject({ release: 2, to: STABLE })
    expect(ofUser(live('east'))).toBe(ofUser(inGit('east')))
  })
})
