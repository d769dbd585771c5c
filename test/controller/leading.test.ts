import { expect, it } from 'vitest'
import { eventually } from '../patience.ts'
import { stage } from './stage.ts'

it('a controller that stands by tells nobody anything, and knows everything when it takes over', async () => {
  const { start, declare, serves, looks } = await stage()
  declare('checkout', 'one')
  serves('checkout', 'one')
  declare('checkout', 'two')
  const controller = start({ standby: true })
  await eventually(() => expect(controller.ready()).toBe(true))
  declare('catalog', 'one')
  await eventually(() => expect(controller.lastActivity()).toBeGreaterThan(0))
  expect([looks('checkout'), looks('catalog')]).toEqual([0, 0])
  controller.setLeading(true)
  await eventually(() => expect([looks('checkout'), looks('catalog')]).toEqual([1, 1]))
})

it('a controller that does not lead any more says nothing of Rollouts', async () => {
  const { start, declare, serves, looks, metrics } = await stage()
  declare('checkout', 'one')
  serves('checkout', 'one')
  declare('checkout', 'two')
  const controller = start()
  const series = async (): Promise<string[]> => (await metrics.content()).match(/^sluice_rollout_.*checkout.*$/gm) ?? []
  await eventually(() => expect(looks('checkout')).toBe(1))
  expect(await series()).not.toEqual([])
  controller.setLeading(false)
  expect(await series()).toEqual([])
  controller.setLeading(true)
  await eventually(async () => expect(await series()).not.toEqual([]))
})

it('a controller that does not lead any more starts nothing', async () => {
  const { start, declare, serves, looks } = await stage()
  const [first, second] = [start(), start({ standby: true })]
  await eventually(() => expect([first.ready(), second.ready()]).toEqual([true, true]))
  first.setLeading(false)
  declare('checkout', 'one')
  serves('checkout', 'one')
  declare('checkout', 'two')
  second.setLeading(true)
  await eventually(() => expect(looks('checkout')).toBe(1))
  declare('catalog', 'one')
  await eventually(() => expect(looks('catalog')).toBe(1))
  expect(looks('checkout')).toBe(1)
})
