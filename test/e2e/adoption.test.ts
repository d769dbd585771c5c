import { expect, inject, test } from 'vitest'
import { AUTOSCALERS, DEPLOYMENTS, ROLLOUTS } from '../../crds/resources.ts'
import { adopting, apexOf, declare, declaredOf, ownPods, run } from '../stage/adopted.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

test.concurrent(
  'a running Deployment is taken over, released, and handed back by kubectl delete; nothing is lost',
  async () => {
    await using stage = await openStage({ access, name: 'adopted', retries: 0 })
    await run(stage, access, { version: '1.4.0', replicas: 2 })
    const [before] = [declaredOf(stage.now())]
    const adopted = stage.install(adopting({ steps: STEPS }))
    const load = stage.load({ rps: 60 })
    const stable = await adopted
    await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
    expect(declaredOf(stage.now())?.spec.replicas).toBe(0)
    expect(apexOf(stage.now())).toEqual({ app: ROLLOUT, 'sluice.dev/revision': stable })
    const owners = revisionOf(stage, stable)?.metadata.ownerReferences
    expect(owners).toMatchObject([{ kind: 'Deployment', name: ROLLOUT, uid: before?.metadata.uid }])

    await declare(stage, '1.5.0')
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    const promoted = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''
    await stage.until('1.4.0 has left', (sight) => hasLeft(sight, stable))
    expect(apexOf(stage.now())).toEqual({ app: ROLLOUT, 'sluice.dev/revision': promoted })

    await stage.kube.delete({ resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT })
    await handedBack(stage)
    expect(declaredOf(stage.now())).toMatchObject({ spec: { replicas: 2 }, status: { readyReplicas: 2 } })
    expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
  },
)

test.concurrent('what was rejected is not handed back to: the pods that serve stay, and an Event says so', async () => {
  await using stage = await openStage({ access, name: 'kept', retries: 0 })
  await run(stage, access, { version: '1.4.0', replicas: 2 })
  const stable = await stage.install(adopting({ steps: STEPS }))
  const load = stage.load({ rps: 60 })
  await declare(stage, '1.5.0')
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')

  await stage.kube.delete({ resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT })
  await stage.until('the Rollout is gone', ({ rollout }) => rollout === undefined)
  const { kube, namespace } = stage
  const events = await kube.list<never>(EVENTS, { namespace })
  expect(events.items).toContainEqual(
    expect.objectContaining({
      reason: 'StableKept',
      note: expect.stringContaining(`Deployment checkout-${stable} keeps serving`) as string,
    }),
  )
  expect(podsOf(stage.now(), stable)).toHaveLength(2)
  expect(revisionOf(stage, stable)?.metadata.ownerReferences ?? []).toEqual([])
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT, 'sluice.dev/revision': stable })
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('a foreground deletion in the midst of a release loses nothing', async () => {
  await using stage = await openStage({ access, name: 'foreground', retries: 0 })
  await run(stage, access, { version: '1.4.0', replicas: 2 })
  const stable = await stage.install(adopting({ steps: STEPS }))
  const load = stage.load({ rps: 60 })
  await declare(stage, '1.5.0')
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const canary = stage.now().rollout?.status?.canary ?? ''
  const { kube, namespace } = stage
  await kube.delete({ resource: ROLLOUTS, namespace, name: ROLLOUT }, { propagation: 'Foreground' })
  // 1.5.0 was declared and never promoted: it must not serve now.
  await stage.until('the Rollout is gone', ({ rollout }) => rollout === undefined)
  await stage.until('1.5.0 has left', (sight) => podsOf(sight, canary).length === 0)
  expect(podsOf(stage.now(), stable)).toHaveLength(2)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('where the Deployment goes, nothing holds the Rollout', async () => {
  await using stage = await openStage({ access, name: 'going' })
  await run(stage, access, { version: '1.4.0', replicas: 1 })
  await stage.install(adopting({ steps: STEPS, replicas: 1 }))
  expect(apexOf(stage.now())).toHaveProperty(['sluice.dev/revision'])
  await stage.kube.delete({ resource: DEPLOYMENTS, namespace: stage.namespace, name: ROLLOUT })
  await stage.kube.delete({ resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT })
  await stage.until('all of it is gone', ({ rollout, deployments }) => !rollout && deployments.length === 0)
  await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
  expect(stage.now().deployments).toEqual([])
  // What is not of the workload stays, as it is in Git.
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT })
  expect(Object.keys(stage.now().route?.metadata.annotations ?? {})).not.toContainEqual(
    expect.stringContaining('sluice.dev'),
  )
})

test.concurrent('kubectl rollout restart makes the pods of stable anew, and is no release', async () => {
  await using stage = await openStage({ access, name: 'restarted', retries: 0 })
  await run(stage, access, { version: '1.4.0', replicas: 2 })
  const stable = await stage.install(adopting({ steps: STEPS }))
  const before = podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
  const ref = { resource: DEPLOYMENTS, namespace: stage.namespace, name: ROLLOUT }
  await stage.kube.mergePatch(ref, { spec: { template: { metadata: { annotations } } } })
  await stage.until('there are other pods', (sight) => {
    const now = podsOf(sight, stable).map(({ metadata }) => metadata.name)
    return now.length === 2 && !now.some((name) => before.includes(name))
  })
  expect(stage.now().releases).toHaveLength(1)
})

test.concurrent(
  'an autoscaler that is still aimed at the Deployment is named, and aimed at the Rollout it scales that',
  async () => {
    await using stage = await openStage({ access, name: 'autoscaled' })
    await run(stage, access, { version: '1.4.0', replicas: 1 })
    const { kube, namespace } = stage
    const metadata = { name: 'busy', namespace }
    const spec = {
      minReplicas: 1,
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: ROLLOUT },
    }
    await kube.create(AUTOSCALERS, { apiVersion: 'autoscaling/v2', kind: AUTOSCALERS.kind, metadata, spec } as never)
    const installed = stage.install(adopting({ steps: STEPS, replicas: 1 }))
    const stalled = await stage.until('it is refused', ({ rollout }) =>
      rollout?.status?.conditions?.find(({ type, reason }) => type === 'Stalled' && reason === 'InvalidSpec'),
    )
    expect(stalled.message).toContain('HorizontalPodAutoscaler busy scales Deployment checkout')
    expect(declaredOf(stage.now())?.spec.replicas).toBe(1)
    const scaleTargetRef = { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: ROLLOUT }
    await kube.mergePatch({ resource: AUTOSCALERS, ...metadata }, { spec: { minReplicas: 2, scaleTargetRef } })
    const stable = await installed
    await stage.until('the autoscaler has scaled stable', (sight) => podsOf(sight, stable).length === 2)
  },
)

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

const revisionOf = (stage: Stage, revision: string) =>
  stage.now().deployments.find(({ metadata }) => metadata.name === `${ROLLOUT}-${revision}`)

/** The Rollout is gone, and what is left reads as if there had never been one. */
async function handedBack(stage: Stage): Promise<void> {
  await stage.until('it is handed back', (sight) => {
    const left = sight.deployments.every(({ metadata }) => metadata.name === ROLLOUT)
    return !sight.rollout && left && sight.pods.every(({ metadata }) => !metadata.labels?.['sluice.dev/revision'])
  })
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT })
  expect(stage.now().services.map(({ metadata }) => metadata.name)).toEqual([ROLLOUT])
  const annotations = Object.keys(stage.now().route?.metadata.annotations ?? {})
  expect(annotations).toEqual(['example.com/owner'])
  const marks = declaredOf(stage.now())?.metadata
  expect(Object.keys(marks?.annotations ?? {}).filter((key) => key.includes('sluice'))).toEqual([])
  expect(marks?.managedFields?.filter(({ manager }) => manager.startsWith('sluice'))).toEqual([])
}
