import { expect, test } from 'vitest'
import type { Held } from '../../crds/freezing.ts'
import type { Step } from '../../crds/plan.ts'
import type { World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'
import type { Played } from './rehearsal.ts'

/** What is frozen goes back at any moment, and forward when it no longer is. */

const rehearsal = rehearse()

const FROZEN: Held = { phase: 'Frozen', sentence: 'Frozen by Freeze winter until that is taken away: stocktaking' }
const isFrozen = (world: World): Promise<unknown> =>
  told(world, ({ phase, message }) => phase === 'Frozen' && message.startsWith(FROZEN.sentence))
const reasons = ({ told }: World): (string | undefined)[] => told.map(({ event }) => event?.reason)

test.concurrent('a release that is frozen makes no pod and gets no request before it is thawed', async () => {
  const { world, handle, look } = await rehearsal.begin('frozen', plan(setWeight(20)), {
    given: ({ picture }) => (picture.held = FROZEN),
  })
  await isFrozen(world)
  expect(shares(world)).toEqual([])
  expect(world.sizes).toEqual([])
  delete world.picture.held
  await look()
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
  expect(reasons(world)).toEqual(expect.arrayContaining(['Frozen', 'Resumed', 'Promoted']))
})

test.concurrent('what is frozen until a certain moment goes on by itself', async () => {
  const { world, handle } = await rehearsal.begin('frozen-until', plan(setWeight(20)), {
    given: ({ picture }) => (picture.held = { ...FROZEN, untilMs: Date.now() + 2_000 }),
  })
  await isFrozen(world)
  delete world.picture.held
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

test.concurrent('one under way stays where it is: an approval and a promote wait, too', async () => {
  const { world, handle, look, say } = await rehearsal.begin('frozen-midway', plan(setWeight(20), gate, setWeight(60)))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.held = FROZEN
  await look()
  await isFrozen(world)
  await say('approve', { gate: 'go' })
  await told(world, ({ event }) => event?.reason === 'GateApproved')
  await say('promote')
  await told(world, ({ event }) => event?.reason === 'Skipped')
  expect(shares(world)).toEqual([20])
  delete world.picture.held
  await look()
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

/** What ends a step while the release is frozen, and when that can be seen. */
const ENDED: [what: string, step: Step, end: (played: Played) => Promise<unknown>][] = [
  [
    'an approval',
    gate,
    async ({ world, say }) => {
      await say('approve', { gate: 'go' })
      await told(world, ({ event }) => event?.reason === 'GateApproved')
    },
  ],
  [
    'a resume',
    { kind: 'pause' },
    async ({ world, say }) => {
      await say('resume')
      await told(world, ({ message, hold }) => message.endsWith('. The pause at 20 % is over') && hold === undefined)
    },
  ],
  [
    'the answer to an A/B test',
    { kind: 'abTest', percent: 20, maxDurationMs: 200, then: 'ask' },
    async ({ world, say }) => {
      await told(world, ({ gate }) => gate === 'ab-test')
      await say('approve', { gate: 'ab-test' })
      await told(world, ({ event }) => event?.reason === 'GateApproved')
    },
  ],
  [
    'the end of a mirror',
    { kind: 'mirror', percent: 10, forMs: 6_000 },
    ({ world }) => told(world, ({ event }) => event?.reason === 'MirrorEnded'),
  ],
]

test.concurrent.for(ENDED)('%s counts in the run that takes over while it is frozen', async ([what, step, end]) => {
  const name = `frozen-${what.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}`
  const played = await rehearsal.begin(name, plan(setWeight(20), step, setWeight(60)))
  const { world, handle, look } = played
  await told(world, ({ step }) => step === '2/3')
  world.picture.held = FROZEN
  await look()
  await isFrozen(world)
  await end(played)
  const { runId } = await handle.describe()
  world.watches.at(-1)?.end({ kind: 'hour' })
  await eventually(async () => expect((await handle.describe()).runId).not.toBe(runId))
  const before = [world.told.filter(({ gate }) => gate !== undefined), world.asides].map(({ length }) => length)
  delete world.picture.held
  await look()
  await handle.result()
  expect(shares(world).filter((share, index, all) => share !== all[index - 1])).toEqual([20, 60, 100])
  expect(world.told.filter(({ gate }) => gate !== undefined)).toHaveLength(before[0] ?? 0)
  expect(world.asides.filter(({ mirror }) => mirror)).toHaveLength(step.kind === 'mirror' ? 1 : 0)
})

test.concurrent(
  'a step up the ramp that a person said while it is frozen is taken by the run that takes over',
  async () => {
    const { world, handle, look, say } = await rehearsal.begin('frozen-step', plan({ kind: 'ramp', ladder: [20, 60] }))
    await told(world, ({ message }) => message.startsWith('Ramp: 20 %'))
    world.picture.held = FROZEN
    await look()
    await isFrozen(world)
    await say('step')
    const { runId } = await handle.describe()
    world.watches.at(-1)?.end({ kind: 'hour' })
    await eventually(async () => expect((await handle.describe()).runId).not.toBe(runId))
    delete world.picture.held
    await look()
    await told(world, ({ weight, event }) => weight === 60 && event?.reason === 'WeightSet')
    await say('abort')
    await handle.result()
    expect(shares(world)).toEqual([20, 60, 0])
  },
)

test.concurrent('an abort takes the traffic back whatever is frozen', async () => {
  const { world, handle, look, say } = await rehearsal.begin('frozen-abort', plan(setWeight(20), gate, setWeight(60)))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.held = FROZEN
  await look()
  await isFrozen(world)
  await say('abort')
  await handle.result()
  expect(shares(world)).toEqual([20, 0])
  expect(world.told.at(-1)).toMatchObject({ phase: 'Aborted', outcome: 'Aborted' })
})

test.concurrent('who stands in line says so, and a promote does not wait for its turn', async () => {
  const { world, handle, say } = await rehearsal.begin('queued', plan(setWeight(20)), {
    given: ({ picture }) => (picture.held = { phase: 'Queued', sentence: 'queued waits for its turn' }),
  })
  await told(world, ({ phase }) => phase === 'Queued')
  expect(world.sizes).toEqual([])
  await say('promote')
  await handle.result()
  expect(shares(world)).toEqual([100])
})

test.concurrent('what has nothing that serves is brought up whatever is frozen', async () => {
  const { world, handle } = await rehearsal.begin('frozen-install', plan(setWeight(20)), {
    given({ picture }) {
      picture.held = FROZEN
      picture.stableReady = 0
    },
  })
  await handle.result()
  expect(world.told.map(({ phase }) => phase)).not.toContain('Frozen')
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent(
  'who was paused before it had requests looks whether its place is free, however soon it goes on',
  async () => {
    const { world, look, handle, say } = await rehearsal.begin('place-taken', plan(gate, setWeight(20)))
    await told(world, ({ gate }) => gate === 'go')
    // Somebody else has begun because of the pause; nobody has told this one.
    world.picture.held = { phase: 'Queued', sentence: 'place-taken waits for its turn' }
    await say('pause')
    await say('resume')
    await say('approve', { gate: 'go' })
    await told(world, ({ phase }) => phase === 'Queued')
    expect(shares(world)).toEqual([])
    delete world.picture.held
    await look()
    await handle.result()
    expect(shares(world)).toEqual([20, 100])
  },
)

test.concurrent('who was paused goes on by itself where its place is free', async () => {
  const { world, handle, say } = await rehearsal.begin('place-free', plan(gate, setWeight(20)))
  await told(world, ({ gate }) => gate === 'go')
  await say('pause')
  await say('resume')
  await say('approve', { gate: 'go' })
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
  expect(world.told.map(({ phase }) => phase)).not.toContain('Queued')
})
