import { describe, expect, it } from 'vitest'
import { eventually } from '../patience.ts'
import { stage, template } from './stage.ts'

describe('a declared change', () => {
  it('of a new Rollout starts a run, and leaves the status to it', async () => {
    const { start, declare, looks, status, caughtUp } = await stage()
    start()
    declare('checkout', 'one')
    await eventually(() => expect(looks('checkout')).toBe(1))
    await caughtUp()
    expect(looks('checkout')).toBe(1)
    expect(status('checkout')).toBeUndefined()
  })

  it('of the template starts a run, once', async () => {
    const { start, declare, serves, looks, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    declare('checkout', 'two')
    await eventually(() => expect(looks('checkout')).toBe(1))
    declare('checkout', 'two', { rollbackWindow: 5 })
    await caughtUp()
    expect(looks('checkout')).toBe(1)
  })

  it('that says nothing new starts nothing, and is acknowledged', async () => {
    const { start, declare, serves, looks, status } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    const { spec } = template('one')
    const same = { metadata: { labels: {}, annotations: {} }, spec }
    const { metadata } = declare('checkout', 'one', { template: same })
    expect(metadata.generation).toBe(2)
    await eventually(() => expect(status('checkout')?.observedGeneration).toBe(2))
    expect(looks('checkout')).toBe(0)
  })

  it('that only restarts the pods starts a run', async () => {
    const { start, declare, serves, looks } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    const { spec } = template('one')
    const metadata = { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-05-01T10:00:00Z' } }
    declare('checkout', 'one', { template: { metadata, spec } })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('of the size starts a run, until the pods are as many', async () => {
    const { start, declare, serves, size, looks, status, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    declare('checkout', 'one', { replicas: 5 })
    await eventually(() => expect(looks('checkout')).toBe(1))
    size('checkout', 'one', 5)
    await eventually(() => expect(status('checkout')?.observedGeneration).toBe(2))
    await caughtUp()
    expect(looks('checkout')).toBe(1)
  })

  it('is told again when nothing came of it', async () => {
    const { start, declare, serves, looks } = await stage({ checkMs: 30 })
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    start()
    await eventually(() => expect(looks('checkout')).toBeGreaterThan(2))
  })
})

describe('a rejected revision', () => {
  it('does not start again by itself, also after a restart, and says why it stands still', async () => {
    const { start, declare, serves, ends, begins, looks, stalled, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    ends('checkout', 'two', 'RolledBack', '5 % of the requests failed')
    const first = start()
    const stall = { reason: 'AnalysisFailed', message: '5 % of the requests failed' }
    await eventually(() => expect(stalled('checkout')).toEqual(stall))
    await first.stop()
    start()
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    expect(stalled('checkout')).toEqual(stall)
  })

  it('makes way for another one', async () => {
    const { start, declare, serves, ends, begins, looks, stalled } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    ends('checkout', 'two', 'RolledBack', '5 % of the requests failed')
    start()
    declare('checkout', 'three')
    await eventually(() => expect(looks('checkout')).toBe(1))
    begins('checkout', 'three', 3)
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
  })

  it('is withdrawn by the run when stable is declared again', async () => {
    const { start, declare, serves, ends, begins, looks, stalled, caughtUp } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    declare('checkout', 'two')
    begins('checkout', 'two')
    ends('checkout', 'two', 'RolledBack', '5 % of the requests failed')
    start()
    await eventually(() => expect(stalled('checkout')).toBeDefined())
    declare('checkout', 'one')
    await eventually(() => expect(looks('checkout')).toBe(1))
    ends('checkout', 'two', 'Withdrawn', 'serves')
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
    await caughtUp()
    expect(looks('checkout')).toBe(1)
  })
})

describe('a Rollout that is deleted', () => {
  it('has its run cancelled', async () => {
    const { start, declare, serves, remove, temporal, caughtUp, metrics } = await stage()
    declare('checkout', 'one')
    serves('checkout', 'one')
    start()
    await caughtUp()
    expect(await metrics.content()).toContain('sluice_rollout_info{namespace="shop",name="checkout"} 1')
    remove('checkout')
    await eventually(() => expect(temporal.cancelled).toEqual(['checkout']))
    await eventually(async () => expect(await metrics.content()).not.toContain('name="checkout"'))
  })

  it('and declared anew waits for the old run to end', async () => {
    const { start, declare, serves, remove, temporal, looks, caughtUp } = await stage({ checkMs: 600 })
    declare('checkout', 'one')
    serves('checkout', 'one')
    temporal.set('checkout', { running: true })
    start()
    await caughtUp()
    remove('checkout')
    declare('checkout', 'one')
    await eventually(() => expect(temporal.cancelled).toEqual(['checkout']))
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    temporal.set('checkout', { running: false })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })
})
