import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import type { Aside, MatchRoute } from '../../crds/traffic.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** What goes to the canary beside its weight, in every write and on every way out. */

const rehearsal = rehearse()

const beta: MatchRoute[] = [{ headers: { 'x-beta': { exact: '1' } } }, { cookies: { beta: { exact: 'yes' } } }]
const staff: MatchRoute[] = [{ headers: { 'x-staff': { prefix: 'a' } } }]
const match = (cohort: MatchRoute[]): Step => ({ kind: 'match', cohort })
const preview: Step = { kind: 'preview', host: 'preview.shop.local' }
const mirror = (percent: number, forMs?: number): Step => ({
  kind: 'mirror',
  percent,
  ...(forMs === undefined ? {} : { forMs }),
})
const fault = (forMs: number): Step => ({ kind: 'fault', fault: { percent: 50, abort: 503 }, forMs })
const LONG = 3_600_000
const COHORT = [0, { canary: CANARY, match: beta }]

test.concurrent('what lasts is repeated by every write, and dropped where everything goes to the canary', async () => {
  const { world, handle, say } = await rehearsal.begin(
    'lasting',
    plan(preview, mirror(20), match(beta), setWeight(50), gate),
  )
  await told(world, ({ gate }) => gate === 'go')
  await say('approve')
  await handle.result()

  const shown = { canary: CANARY, preview: { host: 'preview.shop.local' } }
  const copied = { ...shown, mirror: { percent: 20 } }
  const all = { ...copied, match: beta }
  expect(asides(world)).toEqual([
    [0, shown],
    [0, copied],
    [0, all],
    [50, all],
    [100, {}],
    ['apex', {}],
  ])
  expect(new Set(world.sides)).toEqual(new Set([CANARY]))
  const sentences = world.told.flatMap(({ event }) => event?.message ?? [])
  expect(sentences).toEqual(
    expect.arrayContaining([
      `Release 2: Revision ${CANARY} answers under preview.shop.local`,
      `Release 2: Mirroring 20 % of the requests to revision ${CANARY} to the end of the release`,
      `Release 2: Cohort of 2 matches goes to revision ${CANARY}`,
    ]),
  )
})

test.concurrent('whoever gets requests is watched, and a cohort takes no slot from the evidence', async () => {
  const { world, handle } = await rehearsal.begin('watched', plan(match(beta), setWeight(50)))
  await handle.result()
  const marks = world.watches.map(({ input }) => input.marks.map(({ weight, slot, beside }) => [weight, slot, beside]))
  expect(marks[0]).toEqual([[0, 0, true]])
  expect(marks.at(-1)).toEqual([
    [0, 0, true],
    [50, 0, undefined],
  ])
})

test.concurrent('pods come first: as many as copies and weight need together', async () => {
  const given = ({ picture }: World): unknown => Object.assign(picture, { replicas: 10 })
  const { world, handle } = await rehearsal.begin('sized', plan(match(beta), mirror(20), setWeight(50)), { given })
  await handle.result()
  expect(world.sizes).toEqual([1, 2, 7, 10])
})

test.concurrent('a new cohort takes the place of the one before', async () => {
  const { world, handle } = await rehearsal.begin('cohorts', plan(match(beta), match(staff), setWeight(50)))
  await handle.result()
  expect(world.asides.map(({ match }) => match)).toEqual([beta, staff, staff, undefined, undefined])
})

test.concurrent('what has a time is taken away when it is over', async () => {
  const { world, handle } = await rehearsal.begin(
    'timed',
    plan(match(beta), fault(300), mirror(10, 300), setWeight(50)),
  )
  await handle.result()
  const cohort = { canary: CANARY, match: beta }
  expect(asides(world)).toEqual([
    [0, cohort],
    [0, { ...cohort, fault: { percent: 50, abort: 503 } }],
    [0, cohort],
    [0, { ...cohort, mirror: { percent: 10 } }],
    [0, cohort],
    [50, cohort],
    [100, {}],
    ['apex', {}],
  ])
})

test.concurrent('a fault whose cohort was skipped is skipped, too', async () => {
  const { world, handle } = await rehearsal.begin('fault-skipped', plan(fault(LONG), setWeight(50)))
  await handle.result()
  expect(world.events).toContainEqual({
    type: 'Normal',
    reason: 'FaultSkipped',
    message: 'Release 2: The fault is skipped: there is no cohort that it could hit',
  })
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('resume puts a cohort back that somebody took from the route', async () => {
  const { world, handle, look, say } = await rehearsal.begin('cohort-edited', plan(match(beta), gate), {
    given: ({ picture }) => Object.assign(picture.settings, { onForeignEdit: 'hold' }),
  })
  await told(world, ({ gate }) => gate === 'go')
  world.picture.route.foreign = { direction: 'towardsStable', manager: 'flux' }
  await look()
  await told(world, ({ phase, message }) => phase === 'Holding' && message.includes('flux moved the route'))
  await say('resume')
  await told(world, ({ event }) => event?.reason === 'Resumed')
  expect(asides(world)).toEqual([COHORT, COHORT])
  await say('approve')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
  expect(world.told.filter(({ event }) => event?.reason === 'ForeignEdit')).toHaveLength(1)
})

test.concurrent('what somebody gave the canary besides its cohort is taken back', async () => {
  const { world, handle, look, say } = await rehearsal.begin('cohort-widened', plan(match(beta), gate))
  await told(world, ({ gate }) => gate === 'go')
  world.picture.route.foreign = { direction: 'towardsCanary', manager: 'flux' }
  await look()
  await told(world, ({ event }) => event?.reason === 'ForeignEdit')
  expect(asides(world)).toEqual([COHORT, COHORT])
  await say('approve', { gate: 'go' })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent.for(['step', 'promote'] as const)('a fault is taken away when a person says %s', async (word) => {
  const { world, handle, say } = await rehearsal.begin(
    `hurried-${word}`,
    plan(match(beta), fault(LONG), setWeight(50), gate),
  )
  await told(world, ({ event }) => event?.reason === 'FaultInjected')
  await say(word)
  await world.until(() => world.asides.length > 2)
  expect(asides(world)[2]).toEqual([0, { canary: CANARY, match: beta }])
  if (word === 'step') {
    await told(world, ({ gate }) => gate === 'go')
    await say('approve')
  }
  await handle.result()
  expect(shares(world).at(-1)).toBe(100)
  expect(world.told.some(({ event }) => event?.reason === 'Skipped')).toBe(true)
})

test.concurrent.for([
  ['preview', preview, 'PreviewReady'],
  ['mirror', mirror(20, LONG), 'Mirroring'],
  ['match', match(beta), 'CohortSet'],
  ['fault', fault(LONG), 'FaultInjected'],
] as const)('an abort in %s takes everything away in one write', async ([name, step, reason]) => {
  const { world, handle, say } = await rehearsal.begin(`aborted-${name}`, plan(match(staff), step, gate))
  await told(world, ({ event }) => event?.reason === reason)
  await say('abort')
  await handle.result()
  expect(asides(world).slice(-2)).toEqual([
    [0, {}],
    ['apex', {}],
  ])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted' })
  expect(world.removed).toEqual([CANARY])
})

test.concurrent('a crash in a cohort ends the release, although the canary has no weight', async () => {
  const { world, handle } = await rehearsal.begin('crashed', plan(match(beta), gate))
  await told(world, ({ gate }) => gate === 'go')
  world.watches.at(-1)?.end({ kind: 'rollback', reason: 'crash', sentence: 'Rolled back: it crashed', ledgerHash: '' })
  await handle.result()
  expect(asides(world).slice(-2)).toEqual([
    [0, {}],
    ['apex', {}],
  ])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack', message: 'Rolled back: it crashed' })
})

test.concurrent('pods that were lost take the cohort with them, and bring it back', async () => {
  const { world, handle, say } = await rehearsal.begin('lost', plan(preview, match(beta), gate))
  await told(world, ({ gate }) => gate === 'go')
  world.watches.at(-1)?.end({ kind: 'retreat', reason: 'notReadyPods', sentence: 'no pod is ready', ledgerHash: '' })
  await world.until(() => world.told.filter(({ gate }) => gate === 'go').length > 1)
  await say('approve')
  await handle.result()
  const shown = { canary: CANARY, preview: { host: 'preview.shop.local' } }
  expect(asides(world)).toEqual([
    [0, shown],
    [0, { ...shown, match: beta }],
    [0, {}],
    [0, { ...shown, match: beta }],
    [100, {}],
    ['apex', {}],
  ])
  expect(world.watches.at(-1)?.input.marks.map(({ weight, slot }) => [weight, slot])).toEqual([
    [0, 0],
    [0, 0],
    [0, 1],
  ])
})

test.concurrent('a run that takes over goes on with what stands, and ends what has a time', async () => {
  const { world, handle } = await rehearsal.begin('handed', plan(match(beta), fault(3_000), setWeight(50)), {
    renewAfterMs: 0,
  })
  await told(world, ({ event }) => event?.reason === 'FaultInjected')
  world.watches.at(-1)?.end({ kind: 'hour' })
  await handle.result()
  const cohort = { canary: CANARY, match: beta }
  expect(asides(world)).toEqual([
    [0, cohort],
    [0, { ...cohort, fault: { percent: 50, abort: 503 } }],
    [0, cohort],
    [50, cohort],
    [100, {}],
    ['apex', {}],
  ])
  expect(world.told.filter(({ event }) => event?.reason === 'FaultInjected')).toHaveLength(1)
})

test.concurrent(
  'a run that nobody handed over to writes what the plan has left standing, and nothing else',
  async () => {
    const steps = [preview, match(beta), fault(300), setWeight(20), match(staff), gate]
    const { world, handle, say } = await rehearsal.begin('recalled', plan(...steps), {
      given({ picture }) {
        picture.open = { number: 2, revision: CANARY, from: STABLE, epoch: 3, stepIndex: 5 }
        picture.route = { found: true, atRest: false, weights: { [STABLE]: 80, [CANARY]: 20 } }
        picture.unsettled = true
      },
    })
    await told(world, ({ gate }) => gate === 'go')
    await say('approve')
    await handle.result()
    expect(asides(world)).toEqual([
      [20, { canary: CANARY, preview: { host: 'preview.shop.local' }, match: staff }],
      [100, {}],
      ['apex', {}],
    ])
  },
)

test.concurrent('what a person says while it stands again hurries the release, and ends it not', async () => {
  const pods = Promise.withResolvers<void>()
  let isWaiting = false
  const { world, handle, say } = await rehearsal.begin('hurried', plan(match(beta), setWeight(20), gate), {
    given(begun) {
      begun.picture.open = { number: 2, revision: CANARY, from: STABLE, epoch: 3, stepIndex: 2 }
      begun.picture.route = { found: true, atRest: false, weights: { [STABLE]: 80, [CANARY]: 20 } }
      begun.picture.unsettled = true
      begun.whileWaiting = () => {
        isWaiting = true
        return pods.promise
      }
    },
  })
  await eventually(() => expect(isWaiting).toBe(true))
  await say('promote')
  pods.resolve()
  await handle.result()
  expect(world.told.findLast(({ outcome }) => outcome)?.outcome).toBe('Promoted')
})

test.concurrent(
  'clients stay with what they were given: every weight says at which weights they were asked',
  async () => {
    const affinity = { cookie: 'sluice-shop', maxAgeMs: 60_000 }
    const { world, handle, say } = await rehearsal.begin('sticky', {
      ...plan(match(beta), setWeight(20), setWeight(50), gate),
      affinity,
    })
    await told(world, ({ gate }) => gate === 'go')
    world.watches.at(-1)?.end({ kind: 'retreat', reason: 'notReadyPods', sentence: 'no pod is ready', ledgerHash: '' })
    await world.until(() => world.told.filter(({ gate }) => gate === 'go').length > 1)
    await say('approve')
    await handle.result()
    const token = `2-${CANARY}`
    expect(world.asides.map((aside) => aside.affinity)).toEqual([
      undefined,
      { ...affinity, token, weights: [20] },
      { ...affinity, token, weights: [20, 50] },
      undefined,
      { ...affinity, token, weights: [20, 50] },
      undefined,
      undefined,
    ])
  },
)

/** Percent of the canary and what was beside it, in every write. */
const asides = ({ weights, asides }: World): [number | 'apex', Aside][] =>
  weights.map((each, index) => ['apex' in each ? 'apex' : (each[CANARY] ?? 0), asides[index] ?? {}])
