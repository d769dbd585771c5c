import { expect, inject, test } from 'vitest'
import { ROLLOUTS } from '../../crds/resources.ts'
import { isReady } from '../../workload/pod.ts'
import { CANARY, type World } from '../fakes/activities.ts'
import { adopting, apexOf, ownPods, run } from '../stage/adopted.ts'
import { rehearse } from '../rehearsals/play.ts'
import { ROLLOUT, rolloutManifest } from '../stage/shop.ts'
import { phaseOf, podsOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

/** The first installation of an adopted workload does not go through: its pods had traffic already. */

const access = inject('access')
const rehearsal = rehearse()
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

const beingAdopted = (world: World): void => {
  const { picture } = world
  delete picture.stable
  Object.assign(picture, { stableReady: 0, revisions: [{ revision: CANARY, replicas: 2, ready: 2 }] })
  picture.route.weights = {}
  const writers = { replicas: 'git', selector: 'git' }
  picture.adoption = { replicas: 2, held: false, serves: true, writers }
  world.notReady = 'it crashes'
}

test.concurrent('pods that leave take no more traffic before they do', async () => {
  const { world, handle } = await rehearsal.begin('rejected-first', { steps: [] }, { given: beingAdopted })
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
  expect(world.adopting).toEqual(['the apex is free', `unselected: ${CANARY}`, `removed: ${CANARY}`])
})

test.concurrent('they stay as long as nobody else would serve, and that is said', async () => {
  const { world, handle, look } = await rehearsal.begin(
    'rejected-alone',
    { steps: [] },
    {
      given(world) {
        beingAdopted(world)
        world.picture.adoption!.serves = false
      },
    },
  )
  await world.until(() => world.events.some(({ reason }) => reason === 'StillWarm'))
  expect(world.removed).toEqual([])
  world.picture.adoption!.serves = true
  await look()
  await handle.result()
  expect(world.adopting.slice(-2)).toEqual([`unselected: ${CANARY}`, `removed: ${CANARY}`])
})

test.concurrent('an adoption that is broken off loses no request', async () => {
  await using stage = await openStage({ access, name: 'broken-off', retries: 0 })
  await run(stage, access, { version: '1.4.0', replicas: 2 })
  const load = stage.load({ rps: 60 })
  const { router, ...spec } = adopting({ steps: STEPS }).spec as { router: object }
  // Time to say a word while its pods are ready and nothing else is done yet.
  const slow = adopting({ steps: STEPS, spec: { ...spec, router: { ...router, settle: '8s' } } })
  await stage.kube.apply(ROLLOUTS, rolloutManifest(stage.namespace, slow), { fieldManager: 'git' })
  const revision = await stage.until('the pods of the revision are ready', (sight) => {
    const { revision } = sight.releases[0]?.spec ?? {}
    return revision !== undefined && podsOf(sight, revision).filter(isReady).length === 2 && revision
  })
  await stage.say('abort', { release: 1, revision })
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
  await stage.until('its pods have left', ({ pods }) => pods.length === ownPods(stage.now()).length)
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT })
  expect(ownPods(stage.now())).toHaveLength(2)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})
