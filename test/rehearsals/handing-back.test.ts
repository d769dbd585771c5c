import { expect, test } from 'vitest'
import { STABLE, type World } from '../fakes/activities.ts'
import { rehearse } from './play.ts'

/** A hand-back whose pods let people wait for days. */

const rehearsal = rehearse()

const leaving = (world: World): void => {
  Object.assign(world.picture, { deleting: true, toBeHandedBack: true })
  const writers = { replicas: 'git', selector: 'git' }
  world.picture.adoption = { replicas: 0, held: true, serves: false, apex: STABLE, writers }
  world.returning = { kind: 'returning', replicas: 2, revision: STABLE }
}

test.concurrent('is handed over from run to run, and each begins again', async () => {
  const { world, handle } = await rehearsal.begin(
    'long-hand-back',
    { steps: [] },
    {
      renewAfterMs: 0,
      given(world) {
        leaving(world)
        world.declaredWaits = ['0 of 2 pods are ready', '1 of 2 pods is ready']
        world.addressWaits = ['a pod has no address yet']
      },
    },
  )
  await handle.result()
  const returns = ['begins: returning', 'Handing back: the declared Deployment gets 2 pods again']
  expect(world.adopting).toEqual([
    ...returns,
    'Handing back: 0 of 2 pods are ready',
    ...returns,
    'Handing back: 1 of 2 pods is ready',
    ...returns,
    'the apex is free',
    'Handing back: a pod has no address yet',
    ...returns,
    'the apex is free',
    'unselected: all',
    'let go, but for nothing',
  ])
})

test.concurrent('stays in one run while that is young', async () => {
  const { world, handle } = await rehearsal.begin(
    'short-hand-back',
    { steps: [] },
    {
      given(world) {
        leaving(world)
        world.declaredWaits = ['0 of 2 pods are ready', '1 of 2 pods is ready']
      },
    },
  )
  await handle.result()
  expect(world.adopting.filter((what) => what.startsWith('begins'))).toHaveLength(1)
  expect(world.adopting).toContain('Handing back: 1 of 2 pods is ready')
  expect(world.adopting.at(-1)).toBe('let go, but for nothing')
})
