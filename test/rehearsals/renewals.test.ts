import { expect, test } from 'vitest'
import type { WatchResult } from '../../activities/watch.ts'
import { CANARY, STABLE, type Watching, type World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** What a run that takes over knows of the one before, and what it has to see first. */

const rehearsal = rehearse()

const noData: WatchResult = {
  kind: 'holdChanged',
  hold: { reason: 'noData', cause: 'it is down', sentence: 'Holding at 20 %: no data (it is down)' },
}
const silent = (world: World): unknown => Object.assign(world, { silent: true })

test.concurrent('what held when a run handed over holds in the next one, and is told as news once', async () => {
  const { world, handle, say } = await rehearsal.begin('held', plan(setWeight(20), gate, setWeight(60)), {
    given: silent,
  })
  await told(world, ({ gate }) => gate === 'go')
  ;(await newest(world, 2)).end(noData)
  await told(world, ({ event }) => event?.reason === 'Holding')
  ;(await newest(world, 3)).end({ kind: 'hour' })
  const taken = await judging(world)
  expect(taken.input.lastHold).toEqual({ reason: 'noData', cause: 'it is down' })
  await say('approve')
  await world.until(() => {
    const approved = world.told.findIndex(({ event }) => event?.reason === 'GateApproved')
    return approved >= 0 && world.told.slice(approved + 1).some(({ phase }) => phase === 'Holding')
  })
  expect(shares(world)).toEqual([20])
  taken.end(noData)
  ;(await newest(world, taken.input.epoch + 1)).end({ kind: 'holdChanged' })
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
  const events = world.told.map(({ event }) => event?.reason)
  for (const once of ['ApprovalNeeded', 'Holding', 'Resumed']) {
    expect(events.filter((reason) => reason === once)).toHaveLength(1)
  }
})

test.concurrent('a run that takes over lets nothing forward before the watch has seen a row', async () => {
  const { world, handle, say } = await rehearsal.begin('takes-over', plan(setWeight(20), gate, setWeight(60)), {
    given: silent,
  })
  await told(world, ({ gate }) => gate === 'go')
  ;(await newest(world, 2)).end({ kind: 'hour' })
  const taken = await judging(world)
  await say('approve')
  await told(world, ({ event }) => event?.reason === 'GateApproved')
  taken.end(noData)
  await told(world, ({ event }) => event?.reason === 'Holding')
  expect(shares(world)).toEqual([20])
  ;(await newest(world, taken.input.epoch + 1)).end({ kind: 'holdChanged' })
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
})

test.concurrent('a gate at which words come without end hands over before they are too many for one run', async () => {
  const { world, handle, say } = await rehearsal.begin('flooded', plan(setWeight(20), gate), { given: silent })
  await told(world, ({ gate }) => gate === 'go')
  const { runId } = await handle.describe()
  for (let words = 0; words < 150 && (await handle.describe()).runId === runId; words++) {
    await say(words % 2 === 0 ? 'pause' : 'resume')
  }
  expect((await handle.describe()).runId).not.toBe(runId)
  await say('abort')
  await handle.result()
  expect(shares(world)).toEqual([20, 0])
})

test.concurrent('so does a run that finds the canary on the route and remembers nothing', async () => {
  const { world, handle } = await rehearsal.begin('remembers', plan(setWeight(20), setWeight(60)), {
    given(found) {
      silent(found)
      found.picture.open = { number: 2, revision: CANARY, from: STABLE, epoch: 3, stepIndex: 1 }
      found.picture.route = { found: true, atRest: false, weights: { [STABLE]: 80, [CANARY]: 20 } }
      found.picture.unsettled = true
    },
  })
  const taken = await judging(world)
  taken.end(noData)
  await told(world, ({ event }) => event?.reason === 'Holding')
  expect(shares(world)).toEqual([])
  ;(await newest(world, taken.input.epoch + 1)).end({ kind: 'holdChanged' })
  await handle.result()
  expect(shares(world)).toEqual([60, 100])
})

test.concurrent('where all is well a hand-over is not seen', async () => {
  const { world, handle } = await rehearsal.begin('unseen', plan(setWeight(20), setWeight(60)), { renewAfterMs: 0 })
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
  expect(world.told.some(({ phase, event }) => phase === 'Holding' || event?.reason === 'Resumed')).toBe(false)
})

test.concurrent('a hand-over does not forget that a person said promote', async () => {
  const burning = { hold: { reason: 'baselineBurning', sentence: 'Holding at 0 %: stable burns' } }
  const [early, late] = await Promise.all([
    rehearsal.begin('early-promote', plan(setWeight(20), gate), {
      renewAfterMs: 0,
      given: ({ beginning }) => Object.assign(beginning, burning),
    }),
    rehearsal.begin('late-promote', plan(setWeight(20), gate), { renewAfterMs: 0, given: silent }),
  ])
  await told(early.world, ({ phase }) => phase === 'Holding')
  await early.say('promote')
  await told(late.world, ({ gate }) => gate === 'go')
  await late.say('promote')
  await Promise.all([early.handle.result(), late.handle.result()])
  expect(shares(early.world)).toEqual([100])
  expect(shares(late.world)).toEqual([20, 100])
})

test.concurrent('what is noticed at the beginning is told once in a release', async () => {
  const note = { type: 'Warning', reason: 'IntervalTooShort', message: 'analysis.interval is 5s' } as const
  const burning = { hold: { reason: 'baselineBurning', sentence: 'Holding at 0 %: stable burns' }, notes: [note] }
  const { world, handle, say } = await rehearsal.begin('noted', plan(setWeight(20)), {
    renewAfterMs: 0,
    given: ({ beginning }) => Object.assign(beginning, burning),
  })
  await told(world, ({ phase }) => phase === 'Holding')
  await say('promote')
  await handle.result()
  const events = world.told.map(({ event }) => event?.reason)
  expect(events.slice(0, 3)).toEqual([undefined, 'IntervalTooShort', 'Holding'])
  expect(events.filter((reason) => reason === 'IntervalTooShort')).toHaveLength(1)
})

const newest = (world: World, epoch: number): Promise<Watching> =>
  world.until(() => world.watches.findLast(({ input }) => input.epoch === epoch))

/** The watch of a run that took over. */
const judging = (world: World): Promise<Watching> =>
  world.until(() => world.watches.findLast(({ input }) => input.judgedFrom !== undefined))
