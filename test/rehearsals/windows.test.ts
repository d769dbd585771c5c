import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import { plan, rehearse, setWeight, shares, told } from './play.ts'

/** A release passes a gate only while its change window is open. */

const rehearsal = rehearse()

const ALWAYS = { hours: '00:00-24:00', timezone: 'UTC' }
/** A day that is neither yesterday, today nor tomorrow. */
const FAR = new Intl.DateTimeFormat('en-US', { weekday: 'short', timeZone: 'UTC' }).format(Date.now() + 3 * 86_400_000)
const window = (...allow: Extract<Step, { kind: 'window' }>['allow']): Step => ({
  kind: 'window',
  name: 'hours',
  allow,
})

test.concurrent('an open window lets a release pass', async () => {
  const { world, handle } = await rehearsal.begin('window-open', plan(setWeight(20), window(ALWAYS), setWeight(60)))
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
  expect(world.told.map(({ event }) => event?.reason)).toContain('WindowOpen')
})

test.concurrent('before a closed one it says when that opens, and a person may go past it', async () => {
  const steps = plan(setWeight(20), window({ ...ALWAYS, days: [FAR] }), setWeight(60))
  const { world, handle, say } = await rehearsal.begin('window-closed', steps)
  await told(world, ({ phase, message }) => phase === 'Paused' && /opens at \d{4}-.*T00:00:00\.000Z/.test(message))
  expect(shares(world)).toEqual([20])
  await expect(say('resume')).rejects.toThrow(/not paused: there is nothing to resume. Gate hours: .* opens at/)
  await say('step')
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
})
