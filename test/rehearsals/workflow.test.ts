import { expect, test } from 'vitest'
import type { Plan } from '../../crds/plan.ts'
import { eventually } from '../patience.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { rehearse } from './play.ts'

const rehearsal = rehearse()

const setWeight = (weight: number) => ({ kind: 'setWeight', weight }) as const
const gate = (name: string, expiresAfterMs = 60_000) => ({ kind: 'approve', name, expiresAfterMs }) as const
const GATED: Plan = { steps: [setWeight(20), gate('one'), setWeight(60), gate('two')] }

test.concurrent('a run that hands over at every step ends like one that does not', async () => {
  const { world, handle, say } = await rehearsal.begin('hands-over', GATED, { renewAfterMs: 0 })
  await waitsAt(world, 'one')
  await say('approve')
  await waitsAt(world, 'two')
  await say('approve')
  await handle.result()

  expect(world.weights).toEqual([
    { [STABLE]: 80, [CANARY]: 20 },
    { [STABLE]: 40, [CANARY]: 60 },
    { [CANARY]: 100 },
    { apex: 100 },
  ])
  const epochs = world.watches.map(({ input }) => input.epoch)
  expect(epochs).toEqual(epochs.toSorted((a, b) => a - b))
  expect(new Set(epochs).size).toBe(epochs.length)
  expect(world.watches.at(-1)?.input.marks.map(({ weight, slot }) => [weight, slot])).toEqual([
    [20, 0],
    [60, 1],
  ])
  expect(new Set(world.fences).size).toBe(world.fences.length)
  expect(world.told.at(-1)).toMatchObject({ number: 2, outcome: 'Promoted' })
  expect(world.removed).toEqual([STABLE])
})

test.concurrent('nothing moves while the last row holds; a person may promote all the same', async () => {
  const { world, handle, say } = await rehearsal.begin('holds', { steps: [setWeight(20), gate('one'), setWeight(60)] })
  await waitsAt(world, 'one')
  world.watches.at(-1)?.end({ kind: 'holdChanged', hold: { reason: 'noData', sentence: 'No data' } })
  await world.until(() => world.told.some(({ phase, message }) => phase === 'Holding' && message === 'No data'))
  await say('approve')
  await world.until(
    () =>
      world.told.at(-1)?.phase === 'Holding' && world.told.some(({ message }) => message.includes('approved by ada')),
  )
  expect(world.weights).toEqual([{ [STABLE]: 80, [CANARY]: 20 }])
  await say('promote')
  await handle.result()
  expect(world.weights.slice(1)).toEqual([{ [CANARY]: 100 }, { apex: 100 }])
})

test.concurrent(
  'no weight is given to pods that are not ready, even where a person promotes while they start',
  async () => {
    const pods = Promise.withResolvers<void>()
    const asked: number[] = []
    const { world, handle, say } = await rehearsal.begin(
      'while-they-start',
      { steps: [setWeight(20), setWeight(60)] },
      {
        given(begun) {
          begun.picture.replicas = 10
          begun.whileWaiting = async (replicas) => {
            asked.push(replicas)
            if (replicas > 2) await pods.promise
          }
        },
      },
    )
    await eventually(() => expect(asked).toContain(6))
    await say('promote')
    await eventually(() => expect(asked).toContain(10))
    expect(world.weights).toEqual([{ [STABLE]: 80, [CANARY]: 20 }])
    pods.resolve()
    await handle.result()
    expect(world.weights.slice(1)).toEqual([{ [CANARY]: 100 }, { apex: 100 }])
  },
)

test.concurrent('a canary that loses its pods retreats and comes back three times, and no fourth time', async () => {
  const { world, handle } = await rehearsal.begin('retreats', { steps: [setWeight(20), gate('one')] })
  for (let retreat = 1; retreat <= 4; retreat++) {
    const watching = world.watches.length
    await world.until(
      () => world.watches.length > watching - 1 && world.told.filter(({ gate }) => gate === 'one').length === retreat,
    )
    world.watches.at(-1)?.end({ kind: 'retreat', reason: 'notReadyPods', sentence: 'no pod is ready', ledgerHash: '' })
    await world.until(() => world.weights.filter((weights) => weights[STABLE] === 100).length === retreat)
  }
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
  expect(world.told.at(-1)?.message).toContain('for the fourth time')
  expect(world.weights.filter((weights) => weights[CANARY] === 20)).toHaveLength(4)
})

test.concurrent('a gate that nobody opened in time asks no more, and promote still works', async () => {
  const { world, handle, say } = await rehearsal.begin('expires', { steps: [setWeight(20), gate('one', 500)] })
  await world.until(() => world.told.some(({ event }) => event?.reason === 'GateExpired'))
  await expect(say('approve', { gate: 'one' })).rejects.toThrow('no gate of release 2 is open')
  await say('promote')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('what was declared meanwhile begins when the release is over, as the next number', async () => {
  const { world, handle, look, say } = await rehearsal.begin('next', { steps: [setWeight(20), gate('one')] })
  await waitsAt(world, 'one')
  world.picture.declared = { revision: 'cccccccccc', isStable: false, rejected: false, restart: false }
  await look()
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'one'))
  expect(world.told.find(({ outcome }) => outcome)).toMatchObject({ number: 2, outcome: 'Superseded' })
  await say('approve', { release: 3, revision: 'cccccccccc', gate: 'one' })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ number: 3, outcome: 'Promoted' })
  expect(world.removed.toSorted()).toEqual([STABLE, CANARY])
})

test.concurrent('what is declared in the moment the first version serves is released next', async () => {
  const { world, handle, look } = await rehearsal.begin(
    'last-moment',
    { steps: [setWeight(20)] },
    { given: nothingServes },
  )
  world.whileTelling = async ({ number, outcome }) => {
    if (number !== 1 || outcome !== 'Promoted') return
    world.picture.declared = { revision: 'cccccccccc', isStable: false, rejected: false, restart: false }
    await look()
  }
  await world.until(() => world.told.some(({ number, outcome }) => number === 2 && outcome === 'Promoted'))
  await handle.result()
  expect(world.removed).toEqual([CANARY])
})

test.concurrent('a run that is cancelled takes its traffic back first', async () => {
  const { world, handle } = await rehearsal.begin('cancelled', { steps: [setWeight(20), gate('one')] })
  await waitsAt(world, 'one')
  await handle.cancel()
  await handle.result().catch(() => undefined)
  expect(world.weights.at(-1)).toEqual({ apex: 100 })
})

function nothingServes({ picture }: World): void {
  delete picture.stable
  Object.assign(picture, { stableReady: 0, nextNumber: 1, revisions: [] })
}

const waitsAt = (world: World, name: string): Promise<true> =>
  world.until(() => world.told.at(-1)?.gate === name && true)
