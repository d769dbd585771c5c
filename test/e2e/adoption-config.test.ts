import { expect, inject, test } from 'vitest'
import { CONFIG_MAPS, DEPLOYMENTS, PODS, ROLLOUTS, SERVICES } from '../../crds/resources.ts'
import { adopting, declaredOf, deployment, ownPods, service } from '../stage/adopted.ts'
import { untilAnswered } from '../stage/answer.ts'
import { atGate, configMap, copies, fromSettings, releaseEnded, versionsSeen, type Config } from '../stage/config.ts'
import { MANAGED_PATH, ROLLOUT } from '../stage/shop.ts'
import { phaseOf, podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

/** Config that was versioned while the engine was there: what is handed back reads what is there, and nobody takes it away. */

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

test.concurrent('the declared Deployment reads the declared config, and no copy is left', async () => {
  await using stage = await openStage({ access, name: 'config-returned', retries: 0 })
  await adopt(stage)
  const load = stage.load({ rps: 30 })
  await configMap(stage, 'settings', { data: { VERSION: 'new' } })
  await stage.until('the gate waits', atGate(2))
  await stage.say('approve')
  await stage.until('it is promoted', releaseEnded(2, 'Promoted'))
  await deleteRollout(stage)
  await stage.until('only its own pods are left', (sight) => sight.pods.length === ownPods(sight).length)
  expect(declaredOf(stage.now())).toMatchObject({ spec: { replicas: 2, template: { spec: fromSettings['spec'] } } })
  expect(new Set(Object.values(await versionsSeen(stage, access.gateway)).flat())).toEqual(new Set(['new']))
  expect(await copies(stage)).toEqual([])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('the pods that stay keep their copies, whatever is declared and deleted later', async () => {
  await using stage = await openStage({ access, name: 'config-kept', retries: 0 })
  const stable = await adopt(stage)
  await configMap(stage, 'settings', { data: { VERSION: 'new' } })
  await stage.until('the gate waits', atGate(2))
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
  await deleteRollout(stage)
  const { kube, namespace } = stage
  const ref = { resource: CONFIG_MAPS, namespace, name: `${ROLLOUT}-${stable}-settings` }
  expect(await copies(stage)).toEqual([])
  const kept = await kube.get<Config>(ref)
  expect(kept).toMatchObject({ data: { VERSION: 'old' }, immutable: true })
  expect(kept?.metadata.ownerReferences ?? []).toEqual([])

  // The garbage collector would take along what is still its own.
  await kube.delete({ resource: DEPLOYMENTS, namespace, name: ROLLOUT }, { propagation: 'Foreground' })
  await stage.until('the declared one is gone', (sight) => declaredOf(sight) === undefined)
  await kube.delete({ resource: CONFIG_MAPS, namespace, name: 'settings' })
  const before = podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)
  await kube.delete({ resource: PODS, namespace, name: before[0] ?? '' })
  await stage.until('another pod is ready', (sight) => {
    const ready = podsOf(sight, stable).filter(({ status }) =>
      status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    )
    return ready.length === 2 && ready.some(({ metadata }) => !before.includes(metadata.name))
  })
  expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'] })
  expect(await kube.get(ref)).toBeDefined()
})

/** A Deployment that reads a ConfigMap, taken over; gives the revision that serves. */
async function adopt(stage: Stage): Promise<string> {
  const { kube, namespace, until } = stage
  await configMap(stage, 'settings', { data: { VERSION: 'old' } })
  const { spec, ...rest } = deployment(namespace, { version: '1.4.0', replicas: 2 })
  await kube.create(DEPLOYMENTS, { ...rest, spec: { ...spec, template: fromSettings } } as typeof rest)
  await kube.create(SERVICES, service(namespace))
  await until('the Deployment is ready', (sight) => declaredOf(sight)?.status?.readyReplicas === 2)
  await untilAnswered(`${access.gateway}${MANAGED_PATH}`, `${namespace}.shop.local`)
  const stable = await stage.install(adopting({ steps: STEPS }))
  await until('its own pods have left', (sight) => ownPods(sight).length === 0)
  return stable
}

async function deleteRollout({ kube, namespace, until }: Stage): Promise<void> {
  await kube.delete({ resource: ROLLOUTS, namespace, name: ROLLOUT })
  await until('the Rollout is gone', ({ rollout }) => rollout === undefined)
}
