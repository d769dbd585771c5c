import { ApplicationFailure } from '@temporalio/activity'
import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import type { MatchRoute } from '../../crds/traffic.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'
import type { Played } from './rehearsal.ts'

/** What the real workflow does about what somebody else did to the route, and to the DestinationRule of the Service. */

const rehearsal = rehearse()

const beta: MatchRoute[] = [{ headers: { 'x-beta': { exact: '1' } } }]
const BESIDE: Record<string, Step> = {
  cohort: { kind: 'match', cohort: beta },
  copies: { kind: 'mirror', percent: 20 },
  preview: { kind: 'preview', host: 'preview.shop.local' },
}
const REPLACED = 'flux replaced the route, and the canary is no longer on it'
const holding = ({ picture }: World): unknown => Object.assign(picture.settings, { onForeignEdit: 'hold' })

/** As a `kubectl replace` of what is in Git leaves it. */
const replace = ({ picture }: World): void => {
  picture.route = { found: true, atRest: true, weights: {}, replacedBy: 'flux' }
}

test.concurrent.for(Object.keys(BESIDE))(
  'a route that is replaced whole while only %s is on it ends the release',
  async (name) => {
    const { world, handle, look } = await rehearsal.begin(`replaced-${name}`, plan(BESIDE[name]!, gate))
    await told(world, ({ gate }) => gate === 'go')
    replace(world)
    await look()
    await handle.result()
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted', message: `Aborted: ${REPLACED}` })
  },
)

test.concurrent.for(['cohort', 'weight'] as const)(
  'a route that is replaced whole while a %s is on it holds where that is declared, until a person says resume',
  async (what) => {
    const step = what === 'weight' ? setWeight(20) : BESIDE['cohort']!
    const { world, handle, look, say } = await rehearsal.begin(`held-${what}`, plan(step, gate), { given: holding })
    await told(world, ({ gate }) => gate === 'go')
    replace(world)
    await look()
    await told(world, ({ phase, message }) => phase === 'Holding' && message.startsWith(`Holding: ${REPLACED}`))
    expect(world.told.at(-1)).toMatchObject({ gate: 'go' })
    expect(world.weights).toHaveLength(1)
    await say('resume')
    await told(world, ({ event }) => event?.reason === 'Resumed')
    expect(world.told.at(-1)).toMatchObject({ gate: 'go', phase: 'AwaitingApproval' })
    expect([world.weights[1], world.asides[1]]).toEqual([world.weights[0], world.asides[0]])
    await say('approve')
    await handle.result()
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
    expect(world.told.filter(({ event }) => event?.reason === 'ForeignEdit')).toHaveLength(1)
  },
)

test.concurrent('a resume counts in the run that takes over before the route could be put back', async () => {
  const { world, handle, look, say } = await rehearsal.begin('resumed-late', plan(setWeight(20), gate), {
    given: holding,
  })
  await told(world, ({ gate }) => gate === 'go')
  replace(world)
  await look()
  await told(world, ({ phase }) => phase === 'Holding')
  world.refusing = () => 'the API server is away'
  await say('resume')
  const { runId } = await handle.describe()
  world.watches.at(-1)?.end({ kind: 'hour' })
  await eventually(async () => expect((await handle.describe()).runId).not.toBe(runId))
  delete world.refusing
  await told(world, ({ event }) => event?.reason === 'Resumed')
  await say('approve')
  await handle.result()
  expect(shares(world)).toEqual([20, 20, 100])
})

test.concurrent('while a person has not said resume, promote goes to the end and abort goes back', async () => {
  const [one, other] = await Promise.all(
    ['held-promoted', 'held-aborted'].map((name) =>
      rehearsal.begin(name, plan(setWeight(20), { kind: 'pause' }, setWeight(60)), { given: holding }),
    ),
  )
  for (const { world, look } of [one!, other!]) {
    await told(world, ({ weight }) => weight === 20)
    replace(world)
    await look()
    await told(world, ({ phase }) => phase === 'Holding')
  }
  await one!.say('promote')
  await other!.say('abort')
  await Promise.all([one!.handle.result(), other!.handle.result()])
  expect(shares(one!.world)).toEqual([20, 100])
  expect(shares(other!.world)).toEqual([20, 0])
})

test.concurrent('what is put back at a gate leaves the gate waiting, and the status says so', async () => {
  const { world, handle, look, say } = await rehearsal.begin('undone-at-gate', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.route.foreign = { direction: 'towardsCanary', manager: 'kubectl' }
  await look()
  await told(world, ({ event }) => event?.reason === 'ForeignEdit')
  expect(world.told.at(-1)).toMatchObject({ gate: 'go', phase: 'AwaitingApproval' })
  await say('approve')
  await handle.result()
  expect(shares(world)).toEqual([20, 20, 100])
})

test.concurrent.each<[string, string, (world: World) => void, string]>([
  [
    'cohort',
    'changed',
    ({ picture }) => (picture.route.foreign = { direction: 'beside', manager: 'kubectl' }),
    'kubectl changed the route, and what is beside its weights is not as it was written: put back',
  ],
  ['preview', 'deleted', ({ picture }) => (picture.route.preview = 'It is gone'), 'It is gone: put back'],
])('a %s that is %s is written again, and the gate waits on', async (name, what, harm, message) => {
  const { world, handle, look, say } = await rehearsal.begin(`${what}-${name}`, plan(BESIDE[name]!, gate))
  await told(world, ({ gate }) => gate === 'go')
  harm(world)
  await look()
  await told(world, ({ event }) => event?.reason === 'ForeignEdit' && event.message === message)
  expect(world.told.at(-1)).toMatchObject({ gate: 'go', phase: 'AwaitingApproval' })
  expect([world.weights[1], world.asides[1]]).toEqual([world.weights[0], world.asides[0]])
  await say('approve')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('a route that lost only our record is written again, and the release goes on', async () => {
  const { world, handle, look, say } = await rehearsal.begin('unrecorded', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.route.replacedBy = 'kubectl-annotate'
  await look()
  await told(world, ({ event }) => event?.reason === 'ForeignEdit' && event.message.startsWith('kubectl-annotate'))
  await say('approve')
  await handle.result()
  expect(shares(world)).toEqual([20, 20, 100])
})

test.concurrent('what is seen of the route while it is being written is no edit, and is looked at again', async () => {
  const { world, handle, look, say } = await rehearsal.begin('blurred', plan(setWeight(20), gate, setWeight(60), gate))
  await told(world, ({ gate }) => gate === 'go')
  const { promise: writing, resolve } = Promise.withResolvers<void>()
  world.refusing = ({ [CANARY]: weight }) => {
    if (weight !== 60) return undefined
    resolve()
    return 'not now'
  }
  await say('approve')
  await writing
  replace(world)
  world.picture.replicas = 4
  await look()
  await world.until(() => world.grown.length > 0)
  world.picture.replicas = 6
  delete world.refusing
  await world.until(() => world.grown.length > 1)
  await told(world, ({ gate, weight }) => gate === 'go' && weight === 60)
  await say('approve')
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
  expect(world.told.some(({ event }) => event?.reason === 'ForeignEdit')).toBe(false)
})

test.concurrent(
  'a change of the DestinationRule of the Service reaches both revisions, and ends no release where it cannot',
  async () => {
    const [one, other] = await Promise.all(
      ['in-step', 'out-of-step'].map((name) => rehearsal.begin(name, plan(setWeight(20), gate))),
    )
    other!.world.whileAligning = () =>
      Promise.reject(ApplicationFailure.nonRetryable('somebody has an object of that name'))
    for (const { world, look } of [one!, other!]) {
      await told(world, ({ gate }) => gate === 'go')
      world.picture.revisions.push({ revision: CANARY, replicas: 2, ready: 2 })
      world.picture.destinationsBehind = true
      await look()
    }
    const announced = ({ world }: Played, wanted: string): Promise<string> =>
      eventually(() => {
        const found = world.events.find(({ reason }) => reason === wanted)
        if (!found) throw new Error(`nothing was said of ${wanted}`)
        return found.message
      })
    expect(await announced(one!, 'DestinationsUpdated')).toContain('what the DestinationRule of the Service says now')
    expect(one!.world.aligned).toEqual([[STABLE, CANARY]])
    expect(await announced(other!, 'DestinationsBehind')).toContain('somebody has an object of that name')
    for (const { world, say, handle } of [one!, other!]) {
      world.picture.revisions.pop()
      delete world.picture.destinationsBehind
      await say('approve', { gate: 'go' })
      await handle.result()
      expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
    }
  },
)

test.concurrent('before the canary has pods nothing is made for its host', async () => {
  const { world, handle, look, say } = await rehearsal.begin('nobody-there', plan(gate, setWeight(20)))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.destinationsBehind = true
  world.picture.replicas = 4
  await look()
  await world.until(() => world.grown.length > 0)
  await say('approve')
  await handle.result()
  expect(world.aligned).toEqual([])
})
