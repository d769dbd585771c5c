import { describe, expect, it } from 'vitest'
import { eventually } from '../patience.ts'
import { stage } from './stage.ts'

/** `checkout` serves `one` and releases `two`; the controller has told its run to look. */
async function underWay(options: { checkMs?: number; unavailableAfterMs?: number } = {}) {
  const scene = await stage(options)
  scene.declare('checkout', 'one')
  scene.serves('checkout', 'one')
  scene.declare('checkout', 'two')
  scene.begins('checkout', 'two')
  scene.writesRoute('checkout', 5, { fence: 'u:2.1', rest: {} })
  scene.start()
  await eventually(() => expect(scene.looks('checkout')).toBe(1))
  return scene
}

describe('a release under way', () => {
  it('is looked at when the controller starts: its run may have died with everything else', async () => {
    const { temporal } = await underWay()
    expect(temporal.looks).toEqual(['checkout'])
  })

  it('is not disturbed by its own writes', async () => {
    const { writesRoute, begins, looks, caughtUp } = await underWay()
    writesRoute('checkout', 25, { fence: 'u:2.2', rest: {} })
    begins('checkout', 'two')
    writesRoute('checkout', 50, { fence: 'u:2.3', rest: {} })
    await caughtUp()
    expect(looks('checkout')).toBe(1)
  })

  it('is told when somebody else changes the route', async () => {
    const { editRoute, looks } = await underWay()
    editRoute('checkout', [{ name: 'primary' }])
    await eventually(() => expect(looks('checkout')).toBe(2))
  })

  it('is told when somebody replaces the route and our annotation with it', async () => {
    const { server, removeRoute, editRoute, looks } = await underWay()
    await eventually(() => expect(server.watches()).toBe(11))
    removeRoute('checkout')
    await eventually(() => expect(looks('checkout')).toBe(2))
    editRoute('checkout', [{ name: 'primary' }])
    await eventually(() => expect(looks('checkout')).toBe(3))
  })

  it('is told when somebody changes or deletes its preview, and not when it is made', async () => {
    const { editRoute, removeRoute, looks, caughtUp } = await underWay()
    editRoute('checkout-preview', [{ name: 'primary' }])
    await caughtUp()
    expect(looks('checkout')).toBe(1)
    editRoute('checkout-preview', [{ name: 'elsewhere' }])
    await eventually(() => expect(looks('checkout')).toBe(2))
    removeRoute('checkout-preview')
    await eventually(() => expect(looks('checkout')).toBe(3))
  })

  it('is told when it was aborted on the route', async () => {
    const { writesRoute, looks } = await underWay()
    writesRoute('checkout', 0, { fence: 'u:2.2', rest: {}, aborted: 2 })
    await eventually(() => expect(looks('checkout')).toBe(2))
  })

  it('is told when the declaration changes', async () => {
    const { declare, looks } = await underWay()
    declare('checkout', 'two', { suspend: true })
    await eventually(() => expect(looks('checkout')).toBe(2))
    declare('checkout', 'one', { suspend: true })
    await eventually(() => expect(looks('checkout')).toBe(3))
  })

  it('gets a new run when it has none', async () => {
    const { temporal, looks } = await underWay({ checkMs: 30 })
    temporal.set('checkout', { running: false })
    await eventually(() => expect(looks('checkout')).toBe(2))
  })

  it('is Stalled while its run does not move', async () => {
    const { temporal, stalled, status } = await underWay({ checkMs: 60 })
    const before = status('checkout')?.observedGeneration
    temporal.set('checkout', { running: true, trouble: 'No worker takes its tasks' })
    await eventually(() =>
      expect(stalled('checkout')).toEqual({ reason: 'EngineStuck', message: 'No worker takes its tasks' }),
    )
    expect(status('checkout')?.observedGeneration).toBe(before)
    expect(status('checkout')?.conditions?.map(({ type }) => type)).toContain('Reconciling')
    temporal.set('checkout', { running: true })
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
  })
})

describe('Temporal out of reach', () => {
  it('is a condition of the Rollouts that need it, and of no other', async () => {
    const { start, declare, serves, temporal, stalled, looks, caughtUp } = await stage({ unavailableAfterMs: 20 })
    declare('idle', 'one')
    serves('idle', 'one')
    declare('checkout', 'one')
    temporal.fail('14 UNAVAILABLE: connection refused')
    start()
    await eventually(() => expect(stalled('checkout')?.reason).toBe('EngineUnavailable'))
    expect(stalled('checkout')?.message).toContain('14 UNAVAILABLE: connection refused')
    temporal.fail(undefined)
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
    expect(looks('checkout')).toBe(1)
    await caughtUp()
    expect(stalled('idle')).toBeUndefined()
  })

  it('is no condition when it is short', async () => {
    const { start, declare, temporal, status, looks } = await stage()
    declare('checkout', 'one')
    temporal.fail('14 UNAVAILABLE: connection refused')
    start()
    await eventually(() => expect(temporal.looks).toEqual([]))
    temporal.fail(undefined)
    await eventually(() => expect(looks('checkout')).toBe(1))
    expect(status('checkout')).toBeUndefined()
  })
})
