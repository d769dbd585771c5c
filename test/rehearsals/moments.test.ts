import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import type { World } from '../fakes/activities.ts'
import { eventually } from '../patience.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** Words count whenever they are said, and what they did is seen at once. */

const rehearsal = rehearse()

const GATED = plan(setWeight(20), gate)
const pause: Step = { kind: 'pause' }
const shortGate: Step = { kind: 'approve', name: 'go', expiresAfterMs: 500 }
const cohort: Step = { kind: 'match', cohort: [{ headers: { 'x-beta': { exact: '1' } } }] }

test.concurrent('a resume that is said while the pause is being told ends it', async () => {
  const { world, handle, say } = await rehearsal.begin('resumed-at-once', plan(setWeight(20), pause, setWeight(60)))
  world.whileTelling = async ({ phase }) => {
    if (phase === 'Paused') await say('resume')
  }
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
})

test.concurrent('so does one that is said while the run hands over', async () => {
  const { world, handle, say } = await rehearsal.begin('resumed-between', plan(setWeight(20), pause, setWeight(60)))
  await told(world, ({ phase }) => phase === 'Paused')
  world.whileOpening = once(() => say('resume'))
  world.watches.at(-1)?.end({ kind: 'hour' })
  await handle.result()
  expect(shares(world)).toEqual([20, 60, 100])
})

test.concurrent.for(['approve', 'abort'] as const)('%s is taken while a run hands over', async (word) => {
  const { world, handle, say } = await rehearsal.begin(`${word}-between`, GATED)
  await told(world, ({ gate }) => gate === 'go')
  world.whileOpening = once(() => say(word))
  world.watches.at(-1)?.end({ kind: 'hour' })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: word === 'abort' ? 'Aborted' : 'Promoted' })
})

test.concurrent('a gate that expired stays closed in the runs that follow, and says so once', async () => {
  const { world, handle, say } = await rehearsal.begin('stays-expired', plan(setWeight(20), shortGate))
  await told(world, ({ event }) => event?.reason === 'GateExpired')
  const answers: string[] = []
  world.whileTelling = async ({ phase }) => {
    if (phase === 'Holding') answers.push(await say('approve', { gate: 'go' }).catch(String))
  }
  const before = world.told.length
  world.watches.at(-1)?.end({ kind: 'hour' })
  await eventually(() => expect(answers).toHaveLength(1))
  expect(answers[0]).toContain('no gate of release 2 is open')
  expect(world.told.slice(before).map(({ phase, gate }) => [phase, gate])).toEqual([['Holding', undefined]])
  await say('promote')
  await handle.result()
  expect(reasons(world).filter((reason) => reason === 'GateExpired')).toHaveLength(1)
})

test.concurrent('a release that may not begin says why once, however long it waits', async () => {
  const { world, handle, say } = await rehearsal.begin('waits-long', plan(cohort, setWeight(20)))
  world.whileTelling = async ({ event }) => {
    if (event?.reason === 'CohortSet')
      world.beginning = { hold: { reason: 'baselineBurning', sentence: 'Holding at 0 %: stable burns' } }
  }
  await told(world, ({ event }) => event?.reason === 'Holding')
  world.watches.at(-1)?.end({ kind: 'hour' })
  await world.until(() => world.told.filter(({ phase }) => phase === 'Holding').length > 1)
  expect(reasons(world).filter((reason) => reason === 'Holding')).toHaveLength(1)
  await say('promote')
  await handle.result()
})

test.concurrent('a pause is seen when it is said, and its end, too', async () => {
  const { world, handle, say } = await rehearsal.begin('seen-paused', GATED)
  await told(world, ({ gate }) => gate === 'go')
  await say('pause', { reason: 'lunch' })
  await told(world, ({ phase, gate, message }) => phase === 'Paused' && gate === 'go' && message.includes('ada'))
  const paused = world.told.length
  await say('resume')
  await world.until(() =>
    world.told.slice(paused).some(({ phase, gate }) => phase === 'AwaitingApproval' && gate === 'go'),
  )
  await say('approve')
  await handle.result()
  expect(reasons(world)).toEqual(expect.arrayContaining(['Paused', 'Resumed']))
})

test.concurrent('so is a Rollout that is suspended', async () => {
  const { world, handle, look, say } = await rehearsal.begin('seen-suspended', plan(setWeight(20), pause))
  await told(world, ({ phase }) => phase === 'Paused')
  world.picture.suspend = true
  await look()
  await told(world, ({ phase, message }) => phase === 'Suspended' && message.includes('spec.suspend'))
  world.picture.suspend = false
  await look()
  await world.until(() => world.told.at(-1)?.phase === 'Paused')
  await say('resume')
  await handle.result()
  expect(reasons(world)).toEqual(expect.arrayContaining(['Suspended', 'Resumed']))
})

test.concurrent('resume is for what a person or the plan paused: whatever else it waits for, it says so', async () => {
  const { world, handle, look, say } = await rehearsal.begin('not-paused', plan(setWeight(20), gate, pause))
  await told(world, ({ gate }) => gate === 'go')
  await expect(say('resume')).rejects.toThrow('release 2 is not paused: there is nothing to resume. Gate go: waiting')
  world.picture.suspend = true
  await look()
  await told(world, ({ phase }) => phase === 'Suspended')
  await expect(say('resume')).rejects.toThrow('nothing to resume. Suspended: spec.suspend is true')
  await say('pause')
  await told(world, ({ pausedBy }) => pausedBy === 'ada')
  await say('resume')
  await expect(say('resume')).rejects.toThrow('nothing to resume')
  world.picture.suspend = false
  await look()
  await say('approve', { gate: 'go' })
  await told(world, ({ hold }) => hold === 'untilResumed')
  await say('resume')
  await handle.result()
  expect(shares(world)).toEqual([20, 100])
})

const reasons = ({ told }: World): (string | undefined)[] => told.map(({ event }) => event?.reason)

function once(act: () => Promise<unknown>): () => Promise<void> {
  let done = false
  return async () => {
    if (done) return
    done = true
    await act()
  }
}
