import { describe, expect, it } from 'vitest'
import { CANARY, fence, hostOf, inGit, ofUser, OTHER, STABLE, stage } from './stage.ts'

describe('the first write', () => {
  it('at rest is the annotation alone', async () => {
    const { install, live, record } = await stage()
    await install()
    expect(ofUser(live())).toBe(ofUser(inGit()))
    expect(record()).toEqual({ fence: 'uid-1:1.1', stable: STABLE, release: 1, committed: 1 })
  })

  it('names the revision where the apex does not serve it yet', async () => {
    const { install, list } = await stage({ apex: null })
    await install(CANARY)
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(CANARY)])
  })

  it('asks the apex which revision is stable where the record was lost', async () => {
    const { shift, record } = await stage()
    await shift(60)
    expect(record()).toMatchObject({ stable: STABLE, canary: CANARY })
  })

  it('is refused where nobody knows which revision is stable', async () => {
    const { shift, writes } = await stage({ apex: null })
    const before = writes()
    await expect(shift(60)).rejects.toThrow(/which of .* is stable/)
    expect(writes()).toBe(before)
  })
})

describe('the commit', () => {
  it('makes the canary stable in the write that gives it everything', async () => {
    const { install, shift, router, target, list, record } = await stage()
    await install()
    await shift(50)
    await router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 2), stable: CANARY })
    expect(list()?.map(({ destination, weight }) => [destination.host, weight])).toEqual([[hostOf(CANARY), 100]])
    expect(record()).toMatchObject({ stable: CANARY, previous: STABLE, committed: 2, weights: { [CANARY]: 100 } })
    expect(record()).not.toHaveProperty('canary')
  })

  it('is the same when it is repeated', async () => {
    const { install, shift, router, target, record } = await stage()
    await install()
    await shift(50)
    for (const seq of [2, 2, 3]) {
      await router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, seq), stable: CANARY })
      expect(record()).toMatchObject({ stable: CANARY, previous: STABLE, committed: 2 })
    }
  })

  it('moves the route even from rest, as long as the apex serves the old revision', async () => {
    const { install, router, target, list } = await stage()
    await install()
    await router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 1), stable: CANARY })
    expect(list()?.map(({ destination }) => destination.host)).toEqual([hostOf(CANARY)])
  })

  it('ends at rest when the apex has moved', async () => {
    const { install, shift, router, target, pointApex, live, record } = await stage()
    await install()
    await shift(50)
    await router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 2), stable: CANARY })
    pointApex(CANARY)
    await router.restore(target, fence(2, 3))
    expect(ofUser(live())).toBe(ofUser(inGit()))
    expect(record()).toEqual({ fence: 'uid-1:2.3', stable: CANARY, previous: STABLE, release: 2, committed: 2 })
  })
})

describe('a release that was aborted on the route', () => {
  it('is never raised again; it may fall, rest, and be followed by another', async () => {
    const { install, shift, router, target, direct, list, record } = await stage()
    await install()
    await shift(25, fence(2, 1))
    await direct()
    await expect(shift(25, fence(2, 2))).rejects.toMatchObject({ name: 'AbortedOnRoute' })
    const commit = router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 3), stable: CANARY })
    await expect(commit).rejects.toMatchObject({ name: 'AbortedOnRoute' })
    await shift(0, fence(2, 4))
    await router.restore(target, fence(2, 5))
    expect(record()?.aborted).toBe(2)
    await shift(5, fence(3, 1), STABLE, OTHER)
    expect(record()).not.toHaveProperty('aborted')
    expect(list()).toHaveLength(2)
  })

  it('says nothing about a Rollout of the same name that came later', async () => {
    const { install, shift, direct, list } = await stage()
    await install()
    await shift(25, fence(2, 1))
    await direct()
    await shift(25, fence(2, 1, 'uid-2'))
    await shift(50, fence(2, 2, 'uid-2'))
    expect(list()?.[1]?.weight).toBe(50)
  })
})
