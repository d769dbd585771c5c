import { expect, test } from 'vitest'
import { releaseConditions } from '../../crds/conditions.ts'
import { needOf } from '../../crds/need.ts'
import type { Step } from '../../crds/plan.ts'
import type { World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, told } from './play.ts'

/** What the real workflow says tells what a person has to do, and as long as that is so. */

const rehearsal = rehearse()

const pause: Step = { kind: 'pause' }
const silent = { kind: 'holdChanged', hold: { reason: 'noData', sentence: 'No data.', cause: 'down' } } as const
const forLong = { kind: 'holdChanged', hold: { reason: 'dataDeadline', sentence: 'No data for 15m.' } } as const

/** By what was told last. */
function needNow({ told }: World): string | undefined {
  const last = told.at(-1)
  if (!last) return undefined
  const { outcome: _outcome, gate, hold, pausedBy, ...progress } = last
  return needOf({
    conditions: releaseConditions(progress),
    ...(gate === undefined ? {} : { gate }),
    ...(hold === undefined ? {} : { hold }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
  })
}

/** What held is over, as seen by the watch that knows of it. */
async function goesOn(world: World): Promise<void> {
  const knowing = await world.until(() => world.watches.find(({ input }) => input.lastHold?.reason === 'noData'))
  knowing.end({ kind: 'holdChanged' })
}

const needs = (world: World, need: string | undefined): Promise<unknown> => world.until(() => needNow(world) === need)

test.concurrent(
  'a person who paused is needed whatever the data say meanwhile, and then the one at the gate',
  async () => {
    const { world, handle, say } = await rehearsal.begin('needs-resume', plan(setWeight(20), gate))
    await needs(world, 'approve')
    await say('pause')
    await needs(world, 'resume')
    world.watches.at(-1)?.end(silent)
    await told(world, ({ phase, pausedBy }) => phase === 'Holding' && pausedBy === 'ada')
    expect(needNow(world)).toBe('resume')
    await say('resume')
    await told(world, ({ event }) => event?.reason === 'Resumed')
    expect(needNow(world)).toBe('approve')
    await say('approve')
    await goesOn(world)
    await handle.result()
  },
)

test.concurrent('a pause of the plan needs somebody, also while there are no data', async () => {
  const { world, handle, say } = await rehearsal.begin('needs-pause', plan(setWeight(20), pause))
  await needs(world, 'resume')
  world.watches.at(-1)?.end(silent)
  await told(world, ({ phase }) => phase === 'Holding')
  expect(needNow(world)).toBe('resume')
  await goesOn(world)
  await told(world, ({ message }) => message.startsWith('Data again'))
  expect(needNow(world)).toBe('resume')
  await say('resume')
  await handle.result()
})

test.concurrent('data that stay away need a decision, also after a pause; a gate that expired does, too', async () => {
  const analyse: Step = { kind: 'analyze', forMs: 60_000 }
  const short: Step = { kind: 'approve', name: 'go', expiresAfterMs: 500 }
  const [silence, late] = await Promise.all([
    rehearsal.begin('needs-decision', plan(setWeight(20), analyse)),
    rehearsal.begin('needs-late', plan(setWeight(20), short)),
  ])
  await told(silence.world, ({ phase }) => phase === 'Analysing')
  silence.world.watches.at(-1)?.end(forLong)
  await needs(silence.world, 'decide')
  await silence.say('pause')
  await needs(silence.world, 'resume')
  await silence.say('resume')
  await needs(silence.world, 'decide')
  await needs(late.world, 'decide')
  await late.say('pause')
  await needs(late.world, 'resume')
  await late.say('resume')
  await needs(late.world, 'decide')
  expect(late.world.told.at(-1)).toMatchObject({ phase: 'Holding', hold: 'gateExpired' })
  await Promise.all([silence, late].map(({ say }) => say('abort')))
  await Promise.all([silence, late].map(({ handle }) => handle.result()))
})
