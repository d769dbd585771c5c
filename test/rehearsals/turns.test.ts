import { expect, test } from 'vitest'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** Who comes next, and how: what waits its turn, what makes way, and what served before. */

const rehearsal = rehearse()

const NEXT = 'cccccccccc'
const LATEST = 'dddddddddd'
const GATED = plan(setWeight(20), gate)
const RETURNS = { given: ({ picture }: World): unknown => Object.assign(picture.declared, { returns: 'warm' }) }

test.concurrent('what served before goes straight to everything, watched, and past the gates', async () => {
  const { world, handle } = await rehearsal.begin('returns', GATED, RETURNS)
  await handle.result()
  expect(shares(world)).toEqual([100, 100])
  expect(world.watches.map(({ input }) => input.running)).toEqual(world.watches.map(() => undefined))
  expect(world.told.map(({ event }) => event?.reason).filter(Boolean)).toEqual(['Returning', 'WeightSet', 'Promoted'])
  expect(world.removed).toEqual([STABLE])
})

test.concurrent('what served before is not held by a stable that burns, nor by silence', async () => {
  const { world, handle } = await rehearsal.begin('returns-anyway', GATED, {
    given(found) {
      RETURNS.given(found)
      found.beginning = { hold: { reason: 'baselineBurning', sentence: 'Holding at 0 %: stable burns' } }
    },
  })
  await world.until(() => world.weights.length === 1)
  world.watches.at(-1)?.end({ kind: 'holdChanged', hold: { reason: 'noData', sentence: 'No data' } })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('what served before and crashes now goes back in one write', async () => {
  const { world, handle } = await rehearsal.begin('returns-and-crashes', GATED, RETURNS)
  await world.until(() => world.weights.length === 1)
  await world.until(() => world.watches.length > 1)
  world.watches.at(-1)?.end({ kind: 'rollback', reason: 'crash', sentence: 'Rolled back: it crashed', ledgerHash: '' })
  await handle.result()
  expect(shares(world)).toEqual([100, 0])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
})

test.concurrent('a return that is handed over goes on as one', async () => {
  const { world, handle } = await rehearsal.begin('returns-handed', GATED, { ...RETURNS, renewAfterMs: 0 })
  await handle.result()
  expect(shares(world)).toEqual([100, 100])
  expect(world.told.filter(({ event }) => event?.reason === 'Returning')).toHaveLength(1)
})

const queues = { given: ({ picture }: World): unknown => Object.assign(picture, { onNewRevision: 'queue' }) }

const declare = ({ picture }: World, revision: string): void => {
  picture.declared = { revision, isStable: false, rejected: false, restart: false }
}

test.concurrent('where queue says so a newer revision waits, and the latest one is next', async () => {
  const { world, handle, look, say } = await rehearsal.begin('queues', GATED, queues)
  await told(world, ({ gate }) => gate === 'go')
  for (const revision of [NEXT, LATEST]) {
    declare(world, revision)
    await look()
    await world.until(() => world.events.some(({ message }) => message.startsWith(`Revision ${revision} waits`)))
  }
  await say('approve')
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'go'))
  expect(world.told.find(({ outcome }) => outcome)).toMatchObject({ number: 2, canary: CANARY, outcome: 'Promoted' })
  await say('approve', { release: 3, revision: LATEST })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ number: 3, canary: LATEST, outcome: 'Promoted' })
})

test.concurrent('what waits begins when the release before it was rolled back, too', async () => {
  const { world, handle, look, say } = await rehearsal.begin('queues-behind-bad', GATED, queues)
  await told(world, ({ gate }) => gate === 'go')
  declare(world, NEXT)
  await look()
  await world.until(() => world.events.some(({ reason }) => reason === 'RevisionQueued'))
  await say('abort')
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'go'))
  await say('approve', { release: 3, revision: NEXT })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ number: 3, outcome: 'Promoted' })
})

test.concurrent('going back to stable does not wait its turn', async () => {
  const { world, handle, look } = await rehearsal.begin('queues-nothing', GATED, queues)
  await told(world, ({ gate }) => gate === 'go')
  world.picture.declared = { revision: STABLE, isStable: true, rejected: false, restart: false }
  await look()
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Withdrawn' })
})

test.concurrent('the third release in a row that makes way says what to do about it', async () => {
  const { world, handle, look, say } = await rehearsal.begin('livelock', GATED, {
    given: ({ picture }) => Object.assign(picture, { supersessions: 2 }),
  })
  await told(world, ({ gate }) => gate === 'go')
  declare(world, NEXT)
  await look()
  await world.until(() => world.events.some(({ reason }) => reason === 'SupersededAgain'))
  expect(world.events.find(({ reason }) => reason === 'SupersededAgain')?.message).toMatch(
    /^3 releases in a row .*onNewRevision: queue/,
  )
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'go'))
  await say('approve', { release: 3, revision: NEXT })
  await handle.result()
})

const crashed = (world: World): void => {
  world.terms.judgedAlone = true
  Object.assign(world.picture, { stableReady: 0 })
}

test.concurrent(
  'what takes over from a stable without pods is analysed afterwards, and what is found is told',
  async () => {
    const baked = plan(setWeight(95), { kind: 'bake', forMs: 3_600_000 })
    const { world, handle } = await rehearsal.begin('afterwards', baked, { given: crashed })
    const [watching] = await world.until(() => world.watches.length > 0 && world.watches)
    expect(watching?.input.marks).toMatchObject([{ slot: 0, weight: 100 }])
    watching?.end({ kind: 'rollback', reason: 'evidence', sentence: 'Rolled back: too many errors', ledgerHash: '' })
    await handle.result()
    expect(shares(world)).toEqual([100])
    expect(world.told.at(-1)?.message).toMatch(/nothing to go back to. Would have rolled back: too many errors$/)
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
    expect(world.events.map(({ reason }) => reason)).toContain('WouldRollBack')
  },
)

test.concurrent('what is declared while that goes on begins at once', async () => {
  const baked = plan(setWeight(95), { kind: 'bake', forMs: 3_600_000 })
  const { world, handle, look } = await rehearsal.begin('afterwards-next', baked, { given: crashed })
  await world.until(() => world.watches.length > 0)
  Object.assign(world.picture, { stableReady: 2 })
  declare(world, NEXT)
  await look()
  const told = await world.until(() => world.told.find(({ outcome }) => outcome))
  expect(told).toMatchObject({ number: 2, outcome: 'Promoted', message: expect.stringContaining('was declared') })
  await world.until(() => world.watches.some(({ input }) => input.release === 3))
  await handle.cancel()
  await handle.result().catch(() => undefined)
})
