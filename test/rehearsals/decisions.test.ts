import { expect, test } from 'vitest'
import type { DecisionSpec } from '../../crds/decision.ts'
import type { GateTerms, Step } from '../../crds/plan.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** Who counts, how often, and what a person hears of what they said. */

const rehearsal = rehearse()

const gated = (terms: GateTerms, expiresAfterMs = 60_000): Step => ({
  kind: 'approve',
  name: 'go',
  expiresAfterMs,
  terms,
})
const byAuthor = (author?: string) => ({
  given: (world: World): unknown => Object.assign(world.terms, author === undefined ? {} : { author }),
})

test.concurrent('two people open a gate that wants two, and the status says how far it is', async () => {
  const { world, handle, say } = await rehearsal.begin('quorum', plan(setWeight(20), gated({ minimum: 2 })))
  await told(world, ({ gate }) => gate === 'go')
  await say('approve')
  await told(world, ({ message }) => message === 'Gate go: 1 of 2 approvals (ada) at 20 %')
  await expect(say('approve')).rejects.toThrow('ada approved gate go already: a person has one vote')
  await say('approve', { by: 'grace' })
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
  const applied = world.answers.filter(({ outcome }) => outcome === 'Applied')
  expect(applied.map(({ message }) => message)).toEqual([
    'Gate go approved by ada, grace',
    'Gate go approved by ada, grace',
  ])
})

test.concurrent('votes are counted on where a run hands over', async () => {
  const { world, handle, say } = await rehearsal.begin('quorum-handed', plan(setWeight(20), gated({ minimum: 2 })))
  await told(world, ({ gate }) => gate === 'go')
  await say('approve')
  world.watches.at(-1)?.end({ kind: 'hour' })
  await world.until(() => world.watches.some(({ input }) => input.judgedFrom !== undefined))
  await expect(say('approve', { gate: 'go' })).rejects.toThrow('one vote')
  await say('approve', { gate: 'go', by: 'grace' })
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

type Uncounted = [who: string, terms: GateTerms, about: Partial<DecisionSpec>, why: string]

const ROBOT = { by: 'system:serviceaccount:ci:robot' }
const UNCOUNTED: Uncounted[] = [
  ['somebody of another group', { minimum: 1, groups: ['sre'] }, { groups: ['dev'] }, 'counts members of sre'],
  ['a ServiceAccount', { minimum: 1 }, ROBOT, 'ServiceAccount ci/robot'],
  ['another ServiceAccount', { minimum: 1, serviceAccounts: ['ci/tester'] }, ROBOT, 'ServiceAccount ci/robot'],
  ['the author', { minimum: 1, notBy: 'author' }, { claim: 'ADA@example.com' }, 'and that is ada'],
  ['who may be the author', { minimum: 1, notBy: 'author' }, {}, 'has no spec.claim'],
]

test.concurrent.for(UNCOUNTED)('%s does not open a gate that does not count them', async ([who, terms, about, why]) => {
  const name = `uncounted-${who.replaceAll(' ', '-').toLowerCase()}`
  const way = plan(setWeight(20), gated(terms))
  const { world, handle, say } = await rehearsal.begin(name, way, byAuthor('Ada <ada@example.com>'))
  await told(world, ({ gate }) => gate === 'go')
  await expect(say('approve', about)).rejects.toThrow(why)
  expect(world.answers.at(-1)).toMatchObject({ outcome: 'Refused' })
  await say('abort')
  await handle.result()
})

test.concurrent('nobody opens a gate that is not for the author where the author is not known', async () => {
  const { world, handle, say } = await rehearsal.begin(
    'no-author',
    plan(setWeight(20), gated({ minimum: 1, notBy: 'author' })),
  )
  await told(world, ({ gate }) => gate === 'go')
  await expect(say('approve', { claim: 'grace@example.com' })).rejects.toThrow('the Rollout does not say who that is')
  await say('abort')
  await handle.result()
})

test.concurrent(
  'those who are named open it: a ServiceAccount, a group, and somebody who is not the author',
  async () => {
    const terms: GateTerms = { minimum: 2, groups: ['sre'], serviceAccounts: ['ci/tester'], notBy: 'author' }
    const { world, handle, say } = await rehearsal.begin(
      'named',
      plan(setWeight(20), gated(terms)),
      byAuthor('ada@example.com'),
    )
    await told(world, ({ gate }) => gate === 'go')
    await say('approve', { by: 'system:serviceaccount:ci:tester' })
    await say('approve', { by: 'grace', groups: ['sre'], claim: 'grace@example.com' })
    await handle.result()
    expect(shares(world)).toEqual([20, 100])
  },
)

test.concurrent('a gate says that it is about to expire, and what came too late hears so', async () => {
  const { world, handle, say } = await rehearsal.begin('warned', plan(setWeight(20), gated({ minimum: 2 }, 6_000)))
  await told(world, ({ gate }) => gate === 'go')
  await say('approve')
  await told(world, ({ event }) => event?.reason === 'GateExpires')
  await told(world, ({ event }) => event?.reason === 'GateExpired')
  const refused = await world.until(() => world.answers.find(({ outcome }) => outcome === 'Refused'))
  expect(refused.message).toContain('overtaken: Gate go expired')
  await expect(say('approve', { by: 'grace', gate: 'go' })).rejects.toThrow('no gate of release 2 is open')
  await say('promote')
  await handle.result()
  expect(world.told.filter(({ event }) => event?.reason === 'GateExpires')).toHaveLength(1)
})

test.concurrent('abort comes before pause, and pause before promote; who is overtaken hears by whom', async () => {
  const { world, handle, say } = await rehearsal.begin('order', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  await say('pause')
  await expect(say('promote')).rejects.toThrow('release 2 is paused by ada: say resume first')
  await say('approve')
  await say('abort', { reason: 'enough' })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted', message: 'Release 2 aborted by ada: enough' })
  const last = await eventually(() => {
    const found = world.answers.findLast(({ message }) => message === 'Release 2 aborted by ada: enough')
    expect(found).toMatchObject({ outcome: 'Applied' })
    return found
  })
  expect(last?.name).toMatch(/^order-/)
})

test.concurrent('a word about another release, another revision or another gate is refused', async () => {
  const { world, handle, say } = await rehearsal.begin('stale', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  await expect(say('approve', { release: 1, revision: STABLE })).rejects.toThrow('you answer release 1')
  await expect(say('approve', { revision: STABLE })).rejects.toThrow(`but release 2 (revision ${CANARY}) is under way`)
  await expect(say('approve', { gate: 'went' })).rejects.toThrow('gate went is not open; gate go is')
  await expect(say('retry')).rejects.toThrow('release 2 is under way: there is nothing to retry')
  await say('approve')
  await handle.result()
})

test.concurrent('a word that is being read when the run hands over is read by the next one', async () => {
  const { world, handle, say } = await rehearsal.begin('read-later', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  const reading = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  world.whileReading = async () => {
    begun.resolve()
    await reading.promise
  }
  const said = say('approve')
  await begun.promise
  const runs = world.watches.length
  world.watches.at(-1)?.end({ kind: 'hour' })
  await world.until(() => world.watches.length > runs && world.watches.at(-1)?.input.judgedFrom !== undefined)
  reading.resolve()
  await said
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

test.concurrent('what was rejected starts again when a person says retry, and only then', async () => {
  const { world, handle, say } = await rehearsal.begin('retried', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  await say('abort')
  await handle.result()
  await expect(say('rollback')).rejects.toThrow('release 2 is aborted already: there is nothing to rollback')
  await say('retry', { reason: 'the database is back' })
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'go'))
  await say('approve', { release: 3 })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ number: 3, canary: CANARY, outcome: 'Promoted' })
  await expect(say('retry', { release: 3 })).rejects.toThrow('release 3 is promoted already: there is nothing to retry')
})

test.concurrent('so does what is said while its pods are still there', async () => {
  const { world, handle, say } = await rehearsal.begin('retried-warm', plan(setWeight(20), gate), {
    given: ({ picture }) => Object.assign(picture.settings, { abortScaleDownDelayMs: 3_600_000 }),
  })
  await told(world, ({ gate }) => gate === 'go')
  await say('abort')
  await told(world, ({ outcome }) => outcome === 'Aborted')
  await say('retry')
  await world.until(() => world.told.some(({ number, gate }) => number === 3 && gate === 'go'))
  await say('approve', { release: 3 })
  await told(world, ({ number, outcome }) => number === 3 && outcome === 'Promoted')
  expect(world.removed).toEqual([])
  await handle.cancel()
  await handle.result().catch(() => undefined)
})

test.concurrent('rollback ends a release that is under way', async () => {
  const { world, handle, say } = await rehearsal.begin('rolled-back', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  await say('rollback')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted', message: 'Release 2 rolled back by ada' })
})

test.concurrent(
  'after the promotion rollback brings back what served before, in one write, and what was left stays left',
  async () => {
    const { world, handle, say } = await rehearsal.begin('left', plan(setWeight(20)))
    await handle.result()
    world.picture.previous = STABLE
    await say('rollback', { reason: 'the shop is empty' })
    const { picture } = world
    await handle.result()
    expect(shares(world)).toEqual([20, 100, 0, 0])
    expect(world.told.at(-1)).toMatchObject({
      number: 3,
      canary: STABLE,
      phase: 'Aborted',
      outcome: 'Promoted',
      left: { number: 2, revision: CANARY },
      message: expect.stringContaining('ada said rollback: the shop is empty'),
    })
    expect(picture.stable).toBe(STABLE)
    expect(picture.last).toMatchObject({ number: 2, revision: CANARY, since: 'rolledBack' })
  },
)

test.concurrent('an abort is heard by a release whose run somebody has ended', async () => {
  const { world, handle, say } = await rehearsal.begin('without-run', plan(setWeight(20), gate))
  await told(world, ({ gate }) => gate === 'go')
  await handle.terminate()
  await say('abort', { reason: 'enough' })
  await told(world, ({ outcome }) => outcome === 'Aborted')
  expect(shares(world)).toEqual([20, 0])
})

test.concurrent('where nothing that served before is left, rollback says what to do instead', async () => {
  const { world, handle, say } = await rehearsal.begin('nothing-left', plan(setWeight(20)))
  await handle.result()
  await say('rollback')
  const refused = await world.until(() => world.answers.find(({ outcome }) => outcome === 'Refused'))
  expect(refused.message).toContain('declare the older version again')
})
