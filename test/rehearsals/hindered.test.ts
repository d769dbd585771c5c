import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** What the API server does not take is told, and keeps nothing else from going on. */

const rehearsal = rehearse()

const NEXT = 'cccccccccc'
const WORDS = 'admission webhook "size" denied the request: replicas must be 2 at least'

const refuses =
  (...verbs: string[]) =>
  (world: World): void => {
    world.hindering = (verb) => (verbs.includes(verb) ? WORDS : undefined)
  }
const declare = (world: World, revision: string): void => {
  const isStable = revision === world.picture.stable
  world.picture.declared = { revision, isStable, rejected: false, restart: false }
}
const isTold = (world: World, reason: string): Promise<true> =>
  world.until(() => world.events.some((event) => event.reason === reason && event.message.includes(WORDS)) && true)
const begins = (world: World, number: number): Promise<unknown> =>
  told(world, (progress) => progress.number === number && progress.gate === 'go')

test.concurrent.each(['removeRevision', 'collect', 'settle'])(
  '%s that is refused lets what is declared next begin',
  async (verb) => {
    const { world, handle, look, say } = await rehearsal.begin(
      `refused-${verb}`.toLowerCase(),
      plan(setWeight(20), gate),
      {
        given: refuses(verb),
      },
    )
    await begins(world, 2)
    await say('abort')
    await isTold(world, 'Hindered')
    declare(world, NEXT)
    await look()
    await begins(world, 3)
    delete world.hindering
    await say('approve', { release: 3, revision: NEXT })
    await handle.result()
    expect(world.told.at(-1)).toMatchObject({ number: 3, outcome: 'Promoted' })
    expect(world.removed).toContain(CANARY)
  },
)

test.concurrent('so does a size at rest that is refused, which is asked for again', async () => {
  const { world, handle, look, say } = await rehearsal.begin('refused-size', plan(setWeight(20), gate), {
    given(begun) {
      refuses('settle')(begun)
      declare(begun, STABLE)
      begun.picture.replicas = 5
    },
  })
  await isTold(world, 'Hindered')
  await look()
  await world.until(() => world.verbs.filter((verb) => verb === 'settle').length > 6)
  declare(world, CANARY)
  await look()
  await begins(world, 2)
  delete world.hindering
  world.picture.revisions = [{ revision: STABLE, replicas: 5, ready: 5 }]
  await say('approve')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent.each([
  ['observe', 'Looking at what is there fails again and again'],
  ['openRelease', 'Opening the release fails again and again'],
  ['report', 'Writing the status fails again and again'],
])('%s, which is tried until it succeeds, is told by the controller for as long as it fails', async (verb, deed) => {
  const { world, handle, trouble, say } = await rehearsal.begin(
    `untiring-${verb}`.toLowerCase(),
    plan(setWeight(20), gate),
    { given: refuses(verb) },
  )
  const said = await eventually(
    async () => (await trouble()) ?? Promise.reject(new Error(`${verb} is no trouble yet`)),
    120_000,
  )
  expect(said).toBe(`${deed}, and is tried until it succeeds: ${WORDS}`)
  delete world.hindering
  await begins(world, 2)
  expect(await trouble()).toBeUndefined()
  await say('approve')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('what says itself that it is refused is no trouble of the engine', async () => {
  const { world, handle, trouble, say } = await rehearsal.begin('says-itself', plan(setWeight(20), gate), {
    given: refuses('setTraffic', 'prepare'),
  })
  const tries = (verb: string) => world.until(() => world.verbs.filter((each) => each === verb).length > 6)
  await tries('prepare')
  expect(await trouble()).toBeUndefined()
  world.hindering = (verb) => (verb === 'setTraffic' ? WORDS : undefined)
  await tries('setTraffic')
  expect(await trouble()).toBeUndefined()
  delete world.hindering
  await begins(world, 2)
  await say('abort')
  await handle.result()
})

test.concurrent('more pods that are refused keep nobody from taking the release back', async () => {
  const { world, handle, look } = await rehearsal.begin('refused-growth', plan(setWeight(20), gate), {
    given: refuses('growRevisions'),
  })
  await begins(world, 2)
  world.picture.replicas = 4
  await look()
  await isTold(world, 'GrowthRefused')
  declare(world, STABLE)
  await look()
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Withdrawn' })
})

test.concurrent.each<[string, Step]>([
  ['weight', setWeight(20)],
  ['cohort', { kind: 'match', cohort: [{ headers: { 'x-beta': { exact: '1' } } }] }],
])(
  'a first %s whose write took effect without an answer is taken back, and its requests are awaited',
  async (name, step) => {
    const { world, handle, say } = await rehearsal.begin(`unanswered-${name}`, plan(step, gate), {
      given(begun) {
        const isGiven = (): boolean =>
          (begun.weights.at(-1)?.[CANARY] ?? 0) > 0 || Object.keys(begun.asides.at(-1) ?? {}).length > 0
        begun.losing = (verb) => (verb === 'setTraffic' && isGiven() ? 'socket hang up' : undefined)
      },
    })
    await world.until(() => world.weights.length > 0)
    await say('abort')
    await handle.result()
    expect(shares(world).at(-1)).toBe(0)
    expect(world.asides.at(-1)).toEqual({})
    expect(world.verbs).toContain('awaitQuiet')
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted' })
  },
)

test.concurrent('a way back goes on where the second lever is refused for good', async () => {
  const { world, handle, say } = await rehearsal.begin('refused-lever', plan(setWeight(20), gate), {
    given: refuses('secondLever'),
  })
  await begins(world, 2)
  world.refusing = () => 'routes are frozen today'
  await say('abort')
  await world.until(() =>
    world.events.some(({ reason, message }) => reason === 'RollbackBlocked' && message.includes(WORDS)),
  )
  delete world.refusing
  await handle.result()
  expect(shares(world)).toEqual([20, 0])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted' })
})

test.concurrent('the pods of an adopted Deployment that leave later keep nothing waiting', async () => {
  const { world, handle, look, say } = await rehearsal.begin('adopts', plan(setWeight(20), gate), {
    given({ picture, ...begun }) {
      declare({ ...begun, picture }, STABLE)
      const writers = { replicas: 'git', selector: 'git' }
      picture.adoption = { replicas: 2, held: false, serves: true, apex: STABLE, writers }
      picture.settings.abortScaleDownDelayMs = 3_600_000
    },
  })
  await world.until(() => world.verbs.includes('settle'))
  world.picture.settings.abortScaleDownDelayMs = 100
  declare(world, CANARY)
  await look()
  await begins(world, 2)
  await say('abort')
  await world.until(() => world.verbs.includes('emptyDeclared'))
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted' })
})
