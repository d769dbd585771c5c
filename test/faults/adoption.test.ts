import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROLLOUTS } from '../../crds/resources.ts'
import { isReady } from '../../workload/pod.ts'
import { adopting, apexOf, declare, declaredOf, ownPods, run } from '../stage/adopted.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { ROLLOUT, rolloutManifest } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

let ground: Ground

beforeAll(async () => {
  ground = await startGround({ endpointDelayMs: 1_000 })
})
afterAll(() => ground?.[Symbol.asyncDispose]())

test('where addresses come a second after readiness, adoption, release and foreground deletion lose none of 200 requests a second', async () => {
  await using stage = await openStage({ access: ground.access, name: 'late-addresses', retries: 0 })
  await run(stage, ground.access, { version: '1.4.0', replicas: 2 })
  const load = stage.load({ rps: 200 })
  const stable = await stage.install(adopting({ steps: [{ setWeight: 50 }, { approve: { name: 'go' } }] }))
  await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
  expect(await load.stats()).toMatchObject({ lost: 0, mesh: 0 })

  await declare(stage, '1.5.0')
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('1.4.0 has left', (sight) => hasLeft(sight, stable))
  expect(await load.stats()).toMatchObject({ lost: 0, mesh: 0 })

  const { kube, namespace } = stage
  await kube.delete({ resource: ROLLOUTS, namespace, name: ROLLOUT }, { propagation: 'Foreground' })
  await stage.until('it is handed back', ({ rollout, deployments }) => !rollout && deployments.length === 1)
  await stage.until('the pods of revisions have left', (sight) => sight.pods.length === ownPods(sight).length)
  expect(declaredOf(stage.now())?.spec.replicas).toBe(2)
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT })
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test('nor does an adoption that is broken off while clients have the addresses of its pods', async () => {
  await using stage = await openStage({ access: ground.access, name: 'late-and-broken-off', retries: 0 })
  const { kube, namespace, until } = stage
  await run(stage, ground.access, { version: '1.4.0', replicas: 2 })
  const load = stage.load({ rps: 200 })
  const { router, ...spec } = adopting({ steps: [{ setWeight: 50 }] }).spec as { router: object }
  const slow = adopting({ steps: [{ setWeight: 50 }], spec: { ...spec, router: { ...router, settle: '8s' } } })
  await kube.apply(ROLLOUTS, rolloutManifest(namespace, slow), { fieldManager: 'git' })
  const revision = await until('its pods are ready', (sight) => {
    const { revision = '' } = sight.releases[0]?.spec ?? {}
    return podsOf(sight, revision).filter(isReady).length === 2 && revision
  })
  await stage.say('abort', { release: 1, revision })
  await until('they have left', (sight) => phaseOf(sight) === 'Aborted' && sight.pods.length === ownPods(sight).length)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})
