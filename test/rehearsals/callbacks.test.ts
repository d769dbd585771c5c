import { ApplicationFailure } from '@temporalio/activity'
import { expect, test } from 'vitest'
import { CALLBACK_ACCOUNT, CALLBACK_USER } from '../../crds/callback.ts'
import type { Step } from '../../crds/plan.ts'
import type { World } from '../fakes/activities.ts'
import { plan, rehearse, setWeight, shares, told } from './play.ts'

/** A gate that somebody outside is told of: they are told once, and waited for as anybody else. */

const rehearsal = rehearse()

const called = (minimum = 1): Step => ({
  kind: 'approve',
  name: 'go',
  expiresAfterMs: 60_000,
  terms: { minimum, serviceAccounts: [CALLBACK_ACCOUNT] },
  callback: { url: 'http://change.example/gates' },
})

const OUTSIDE = { by: CALLBACK_USER, gate: 'go' }

test.concurrent(
  'somebody outside is told once what waits, and their answer is a vote beside those of people',
  async () => {
    const { world, handle, say } = await rehearsal.begin('callback', plan(setWeight(20), called(2)))
    await world.until(() => world.invited.length > 0)
    expect(world.invited[0]).toMatchObject({ uid: 'uid-of-callback', release: 2, stepIndex: 1, weight: 20 })
    await say('approve', { gate: 'go' })
    await told(world, ({ message }) => message === 'Gate go: 1 of 2 approvals (ada) at 20 %')
    await say('approve', OUTSIDE)
    await handle.result()
    expect(shares(world)).toEqual([20, 100])
    expect(world.invited).toHaveLength(1)
  },
)

test.concurrent('nobody is told again by the run that takes over', async () => {
  const { world, handle, say } = await rehearsal.begin('callback-handed', plan(setWeight(20), called()))
  await world.until(() => world.invited.length > 0)
  world.watches.at(-1)?.end({ kind: 'hour' })
  await world.until(() => world.watches.some(({ input }) => input.judgedFrom !== undefined))
  await say('approve', OUTSIDE)
  await handle.result()
  expect(world.invited).toHaveLength(1)
})

test.concurrent('who cannot be told holds nothing up, is tried again, and that is told', async () => {
  const { world, handle, say } = await rehearsal.begin('callback-dead', plan(setWeight(20), called()), {
    given(world: World) {
      world.whileInviting = async () => {
        if (world.events.every(({ reason }) => reason !== 'CallbackFailed'))
          throw ApplicationFailure.nonRetryable('cannot be asked: nobody answers there')
      }
    },
  })
  await world.until(() => world.invited.length > 0)
  const message =
    'Callback of gate go of release 2, which is tried until the gate expires: cannot be asked: nobody answers there'
  expect(world.events.filter(({ reason }) => reason === 'CallbackFailed')).toEqual([
    { type: 'Warning', reason: 'CallbackFailed', message },
  ])
  await say('approve', { gate: 'go' })
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

test.concurrent(
  'who answers by an address opens no gate that does not say so, and rejects one that waits',
  async () => {
    const { callback: _callback, terms: _terms, ...plain } = called() as Extract<Step, { kind: 'approve' }>
    const { world, handle, say } = await rehearsal.begin('callback-none', plan(setWeight(20), plain))
    await told(world, ({ gate }) => gate === 'go')
    await expect(say('approve', OUTSIDE)).rejects.toThrow('does not count ServiceAccount sluice-system/sluice-api')
    await say('reject', { ...OUTSIDE, reason: 'through its callback, by somebody' })
    await handle.result()
    expect(shares(world)).toEqual([20, 0])
    expect(world.invited).toEqual([])
  },
)
