import { expect, inject, test } from 'vitest'
import { AUTOSCALERS, CONFIG_MAPS } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('an autoscaler moves the workload at rest and in the midst of a release; nothing is lost', async () => {
  await using stage = await openStage({ access, name: 'scaling', retries: 0 })
  const steps = [{ setWeight: 50 }, { approve: { name: 'go' } }]
  const stable = await stage.install({ version: '1.4.0', steps, replicas: 2 })
  const load = stage.load({ rps: 60 })
  await want(stage, 2)
  await stage.kube.create(AUTOSCALERS, autoscaler(stage.namespace))

  await want(stage, 3)
  await stage.until('stable has three pods', (sight) => readyOf(sight, stable) === 3)
  await want(stage, 2)
  await stage.until('stable has two pods', (sight) => readyOf(sight, stable) === 2)

  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const canary = stage.now().rollout?.status?.canary ?? ''
  expect(podsOf(stage.now(), canary)).toHaveLength(1)
  await want(stage, 4)
  await stage.until('both sides have grown', (sight) => readyOf(sight, stable) === 4 && readyOf(sight, canary) === 2)
  await want(stage, 1)
  await stage.until('less is declared', ({ rollout }) => rollout?.spec.replicas === 1)
  expect([readyOf(stage.now(), stable), readyOf(stage.now(), canary)]).toEqual([4, 2])
  await want(stage, 3)
  await stage.until('more is declared again', ({ rollout }) => rollout?.spec.replicas === 3)

  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  await stage.until('the new one has three pods', (sight) => readyOf(sight, canary) === 3)
  await want(stage, 2)
  await stage.until('the new one has two pods', (sight) => readyOf(sight, canary) === 2)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

const readyOf = (sight: Parameters<typeof podsOf>[0], revision: string): number =>
  podsOf(sight, revision).filter(({ status }) =>
    status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True'),
  ).length

/** What the autoscaler reads: one pod for each unit. */
async function want({ kube, namespace }: Stage, pods: number): Promise<void> {
  const metadata = { name: 'external-metrics', namespace }
  const data = { queue: String(pods) }
  await kube.apply(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { fieldManager: 'test' })
}

/** Aimed at the Rollout, up or down at once. */
function autoscaler(namespace: string): KubeObject & { spec: object } {
  const target = { type: 'AverageValue', averageValue: '1' }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: ROLLOUT, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: ROLLOUT },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [{ type: 'External', external: { metric: { name: 'queue' }, target } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    },
  }
}
