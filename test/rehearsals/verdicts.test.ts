import { expect, test } from 'vitest'
import type { WatchResult } from '../../activities/watch.ts'
import type { Step } from '../../crds/plan.ts'
import { CANARY, STABLE, type Watching, type World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** What the real workflow does about the verdicts of a watch that the test plays. */

const rehearsal = rehearse()

const ramp: Step = { kind: 'ramp', ladder: [1, 5, 25, 50] }
const advance = (sentence: string, weight?: number | null): WatchResult => ({
  kind: 'advance',
  sentence,
  ledgerHash: '',
  ...(weight === undefined ? {} : { weight }),
})
const rollback = (sentence: string): WatchResult => ({ kind: 'rollback', reason: 'evidence', sentence, ledgerHash: '' })
const hold = (reason: string, sentence: string, replacePod?: string): WatchResult => ({
  kind: 'holdChanged',
  hold: { reason, sentence, ...(replacePod ? { replacePod } : {}) },
})

test.concurrent(
  'a ramp begins where the evidence before allows it, climbs as it says, and is promoted at its end',
  async () => {
    const { world, handle } = await rehearsal.begin('ramp', plan(ramp), {
      given: ({ beginning }) => Object.assign(beginning, { rung: 5 }),
    })
    ;(await runs(world, 'ramp', 5)).end(advance('Advancing from 5 %: nothing failed.', 50))
    await told(world, ({ message }) => message.startsWith('Ramp: 50 %') && message.includes('nothing failed'))
    ;(await runs(world, 'ramp', 50)).end(advance('Promoting: errors are less than twice those of stable.', null))
    await handle.result()
    expect(shares(world)).toEqual([5, 50, 100])
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
    expect(world.told.at(-1)?.message).toContain('errors are less than twice those of stable')
  },
)

test.concurrent(
  'a ramp comes back from a retreat to where it was, and goes a rung up when a person says step',
  async () => {
    const { world, handle, say } = await rehearsal.begin('ramp-back', plan(ramp))
    ;(await runs(world, 'ramp', 1)).end(advance('Advancing from 1 %.', 25))
    const sentence = 'no pod is ready'
    ;(await runs(world, 'ramp', 25)).end({ kind: 'retreat', reason: 'notReadyPods', sentence, ledgerHash: '' })
    await world.until(() => shares(world).at(-1) === 25 && shares(world).includes(0))
    await runs(world, 'ramp', 25)
    await say('step')
    ;(await runs(world, 'ramp', 50)).end(rollback('Rolled back: too many'))
    await handle.result()
    expect(shares(world)).toEqual([1, 25, 0, 25, 50, 0])
    expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack', message: 'Rolled back: too many' })
  },
)

test.concurrent('a bake keeps its hold-back until the evidence is there, and a fault in it goes back', async () => {
  const bake = plan(setWeight(95), { kind: 'bake', forMs: 60_000 })
  const [good, bad] = await Promise.all([rehearsal.begin('bakes', bake), rehearsal.begin('burns', bake)])
  ;(await runs(good.world, 'bake', 95)).end(advance('Advancing from 95 %.'))
  ;(await runs(bad.world, 'bake', 95)).end(rollback('Rolled back: it leaks'))
  await Promise.all([good.handle.result(), bad.handle.result()])
  expect(good.world.weights.slice(0, 2)).toEqual([{ [STABLE]: 5, [CANARY]: 95 }, { [CANARY]: 100 }])
  expect(bad.world.weights).not.toContainEqual({ [CANARY]: 100 })
  expect(bad.world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
})

test.concurrent('who only observes goes by the clock, and is told what would have been done', async () => {
  const steps = plan(setWeight(20), gate, { kind: 'analyze', forMs: 200 }, { kind: 'bake', forMs: 200 })
  const { world, handle, say } = await rehearsal.begin('observes', steps, {
    given: ({ terms }) => Object.assign(terms, { mode: 'observe' }),
  })
  await told(world, ({ gate }) => gate === 'go')
  ;(await watching(world, 2)).end(hold('wouldRollBack', 'Would have rolled back: too many'))
  await told(world, ({ event }) => event?.reason === 'WouldRollBack' && event.message.includes('too many'))
  await say('approve')
  await handle.result()
  expect(world.watches.every(({ input }) => input.running === undefined)).toBe(true)
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
  expect(world.told.some(({ phase }) => phase === 'Holding')).toBe(false)
})

test.concurrent('nothing begins while stable burns, unless a person says so', async () => {
  const burning = { hold: { reason: 'baselineBurning', sentence: 'Holding at 0 %: stable burns' } }
  const given = ({ beginning }: World) => Object.assign(beginning, burning)
  const [one, other] = await Promise.all([
    rehearsal.begin('burning', plan(setWeight(20), gate), { given }),
    rehearsal.begin('burning-ramp', plan(ramp), { given }),
  ])
  for (const { world } of [one, other]) {
    await told(world, ({ phase, event }) => phase === 'Holding' && event?.message === 'Holding at 0 %: stable burns')
    expect(world.weights).toEqual([])
  }
  await one.say('promote')
  await one.handle.result()
  expect(shares(one.world)).toEqual([100])
  await other.say('step')
  ;(await runs(other.world, 'ramp', 1)).end(rollback('Rolled back: too many'))
  await other.handle.result()
})

test.concurrent('a pod on which the bad share sits is replaced once', async () => {
  const { world, handle, say } = await rehearsal.begin('localised', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  ;(await watching(world, 2)).end(hold('localised', 'Holding at 20 %: 86 % of the excess on pod x', 'x'))
  const after = await world.until(() => world.watches.find(({ input }) => input.marks.some(({ replaced }) => replaced)))
  expect([...world.replaced]).toEqual(['x'])
  expect(after.input.marks).toMatchObject([{ slot: 0 }, { slot: 1, weight: 20, addedPods: true, replaced: true }])
  after.end({ kind: 'holdChanged' })
  await told(
    world,
    ({ event }) => event?.reason === 'Resumed' && event.message.startsWith('No pod stands out any more'),
  )
  ;(await watching(world, after.input.epoch + 1)).end(hold('localised', 'Holding at 20 %: pod y', 'y'))
  await told(world, ({ message }) => message.endsWith('pod y'))
  await say('abort')
  await handle.result()
  expect([...world.replaced]).toEqual(['x'])
})

test.concurrent('an edit towards the canary is put back, and the step keeps its right to advance', async () => {
  const { world, handle, look } = await rehearsal.begin(
    'edited',
    plan(setWeight(20), { kind: 'analyze', forMs: 60_000 }),
  )
  await runs(world, 'analyze', 20)
  world.picture.route.foreign = { direction: 'towardsCanary', manager: 'kubectl' }
  await look()
  await told(world, ({ event }) => event?.reason === 'ForeignEdit' && event.message.includes('put back to 20 %'))
  delete world.picture.route.foreign
  const after = await world.until(() => world.watches.find(({ input }) => input.marks.length === 2))
  expect(after.input.running).toMatchObject({ kind: 'analyze', for: 60 })
  after.end(advance('Advancing from 20 %.'))
  await handle.result()
  expect(shares(world)).toEqual([20, 20, 100])
})

test.concurrent('a ramp that is not told where to go stays where it is', async () => {
  const { world, handle } = await rehearsal.begin('nowhere', plan(ramp))
  const first = await runs(world, 'ramp', 1)
  first.end(advance('Advancing from 1 %.'))
  ;(
    await world.until(() => {
      const last = world.watches.at(-1)
      return last !== first && last?.input.running?.kind === 'ramp' && last
    })
  ).end(rollback('Rolled back: too many'))
  await handle.result()
  expect(shares(world)).toEqual([1, 0])
})

test.concurrent('a verdict wins over an approval that is found together with it', async () => {
  const { world, handle, say } = await rehearsal.begin('together', plan(setWeight(20), gate, setWeight(60)))
  const approved = Promise.withResolvers<void>()
  world.whileTelling = ({ gate, outcome }) => (gate && !outcome ? approved.promise : Promise.resolve())
  await told(world, ({ gate }) => gate === 'go')
  // The main loop is still telling that the gate waits: it will look at both at once.
  await say('approve', { gate: 'go' })
  ;(await watching(world, 2)).end(rollback('Rolled back: too many'))
  await handle.result()
  approved.resolve()
  expect(shares(world)).toEqual([20, 0])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
  expect(world.told.some(({ event }) => event?.reason === 'GateApproved')).toBe(false)
})

test.concurrent('promote said twice promotes once', async () => {
  const { world, handle, say } = await rehearsal.begin('twice', plan(setWeight(20), gate, setWeight(60)))
  await told(world, ({ gate }) => gate === 'go')
  await Promise.all([say('promote'), say('promote').catch(() => 'too late')])
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
  expect(world.told.filter(({ outcome }) => outcome === 'Promoted')).toHaveLength(1)
})

test.concurrent('a canary that loses its pods while a weight is being written gets none of it', async () => {
  const { world, handle, say } = await rehearsal.begin('lost-pods', plan(setWeight(20), gate))
  world.refusing = ({ [CANARY]: weight }) => (weight === 20 ? 'no ready pod to carry traffic' : undefined)
  const watch = await watching(world, 1)
  watch.end({ kind: 'retreat', reason: 'notReadyPods', sentence: 'no pod is ready', ledgerHash: '' })
  await world.until(() => shares(world).at(-1) === 0)
  delete world.refusing
  await told(world, ({ gate }) => gate === 'go')
  await say('approve')
  await handle.result()
  expect(shares(world)).toEqual([0, 20, 100])
})

test.concurrent('a person hears of it when a promoted version does not come to rest', async () => {
  const { world, handle } = await rehearsal.begin('restless', plan(setWeight(20)), {
    given(begun) {
      begun.refusing = ({ apex }) => (apex === undefined ? undefined : 'routes are frozen today')
    },
  })
  // The Event comes however busy everybody is; a mention in the status is given up where it would hold the release up.
  await world.until(() =>
    world.events.some(({ reason, message }) => reason === 'RestBlocked' && message.includes('does not come to rest')),
  )
  delete world.refusing
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
  expect(world.weights.at(-1)).toEqual({ apex: 100 })
})

test.concurrent('a version that cannot take the place of one without pods leaves the apex where it was', async () => {
  const { world, handle } = await rehearsal.begin('replaces', plan(setWeight(20)), {
    given(begun) {
      begun.picture.stableReady = 0
      begun.notReady = '0 of 2 pods became ready in time: it crashes'
    },
  })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
  expect(world.told.at(-1)?.message).toContain('it crashes')
  expect(world.apex.at(-1)).toBe(STABLE)
  expect(world.removed).toEqual([CANARY])
})

test.concurrent('what is installed grows to all of what an autoscaler asks for meanwhile', async () => {
  const grown = Promise.withResolvers<void>()
  const { world, handle, look } = await rehearsal.begin('grows', plan(setWeight(20)), {
    given(begun) {
      begun.picture.stableReady = 0
      begun.whileWaiting = () => grown.promise
    },
  })
  await told(world, ({ message }) => message.includes('no ready pod'))
  world.picture.replicas += 3
  await look()
  await world.until(() => world.grown.length > 0)
  expect(world.grown.at(-1)?.[CANARY]).toBe(world.picture.replicas)
  grown.resolve()
  await handle.result()
})

test.concurrent('a verdict is heard while the status cannot be written', async () => {
  const { world, handle } = await rehearsal.begin('unheard', plan(setWeight(20), gate))
  const refused = Promise.withResolvers<void>()
  world.whileTelling = ({ gate, outcome }) => (gate && !outcome ? refused.promise : Promise.resolve())
  await told(world, ({ gate }) => gate === 'go')
  ;(await watching(world, 2)).end(rollback('Rolled back: too many'))
  await world.until(() => world.weights.at(-1)?.['apex'] === 100)
  refused.resolve()
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
})

/** The watch that may advance, once the canary has this weight. */
const runs = (world: World, kind: string, weight: number): Promise<Watching> =>
  world.until(() => {
    const last = world.watches.at(-1)
    const isIt = last?.input.running?.kind === kind && last.input.marks.at(-1)?.weight === weight
    return isIt && last
  })

/** The nth watch of the release; two belong to its first weight, the second of which goes on after the write. */
const watching = (world: World, epoch: number): Promise<Watching> =>
  world.until(() => world.watches.find(({ input }) => input.epoch === epoch))
