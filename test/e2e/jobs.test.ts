import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test, vi } from 'vitest'
import { CONFIG_MAPS } from '../../stack/node/pod.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

const named = (group: string, plural: string, kind: string, version = 'v1') => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
})
const JOBS = named('batch', 'jobs', 'Job')
const DEPLOYMENTS = named('apps', 'deployments', 'Deployment')
const AUTOSCALERS = named('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'v2')

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 200 })

type Named = { apiVersion: string; kind: string; metadata: { name: string; namespace: string } }
type Sized = Named & { spec: { replicas: number } }
type Job = Named & { status?: { conditions?: { type: string; status: string }[] } }

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}

/** A Job of one try that says something and ends with this code. */
async function runJob({ kube, namespace }: Stage, name: string, exitCode: number): Promise<void> {
  const command = [process.execPath, '-e', `console.log('smoke\\ntest'); process.exit(${exitCode})`]
  const containers = [{ name: 'smoke', image: 'shop.local/checkout:1.4.0', command }]
  const template = { spec: { restartPolicy: 'Never', containers } }
  const metadata = { name, namespace }
  await kube.create(JOBS, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: { backoffLimit: 0, template },
  } as Named)
}

const outcomeOf = async ({ kube, namespace }: Stage, name: string): Promise<string | undefined> => {
  const job = await kube.get<Job>({ resource: JOBS, namespace, name })
  return job?.status?.conditions?.find(({ type, status }) => ['Complete', 'Failed'].includes(type) && status === 'True')
    ?.type
}

test.concurrent('a Job ends as its exit code says, and its log can be read', async () => {
  await using stage = await openStage({ access, name: 'jobs' })
  await runJob(stage, 'good', 0)
  await runJob(stage, 'bad', 3)
  await eventually(async () => expect(await outcomeOf(stage, 'good')).toBe('Complete'))
  await eventually(async () => expect(await outcomeOf(stage, 'bad')).toBe('Failed'))
  const code = 'jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}'
  const pods = ['get', 'pods', '-n', stage.namespace, '-l', 'job-name=bad', '-o', code]
  expect(await kubectl(...pods)).toBe('3')
  expect(await kubectl('logs', '-n', stage.namespace, 'job/bad', '--tail=1')).toBe('test\n')
})

test.concurrent('a real autoscaler moves a Deployment and a Rollout by a metric that somebody writes', async () => {
  await using stage = await openStage({ access, name: 'autoscaled' })
  const { kube, namespace } = stage
  await kube.create(DEPLOYMENTS, deployment(namespace))
  const stable = await stage.install({ version: '1.4.0', steps: [{ setWeight: 50 }], replicas: 1 })
  await setMetric(stage, '1')
  await kube.create(AUTOSCALERS, autoscaler(namespace, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'plain' }))
  const rollout = { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: ROLLOUT }
  await kube.create(AUTOSCALERS, autoscaler(namespace, rollout))

  await setMetric(stage, '3')
  const sizeOf = async (name: string) =>
    (await kube.get<Sized>({ resource: DEPLOYMENTS, namespace, name }))?.spec.replicas
  await eventually(async () => expect(await sizeOf('plain')).toBe(3))
  await eventually(async () => expect(await sizeOf(`${ROLLOUT}-${stable}`)).toBe(3))
  await setMetric(stage, '2')
  await eventually(async () => expect(await sizeOf('plain')).toBe(2))
  await eventually(async () => expect(await sizeOf(`${ROLLOUT}-${stable}`)).toBe(2))
})

async function setMetric({ kube, namespace }: Stage, value: string): Promise<void> {
  const metadata = { name: 'external-metrics', namespace }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { queue: value } }
  await kube.apply(CONFIG_MAPS, object, { fieldManager: 'test' })
}

function deployment(namespace: string): Named {
  const labels = { app: 'plain' }
  const containers = [{ name: 'app', image: 'shop.local/catalog:2.1.0' }]
  const template = { metadata: { labels }, spec: { containers } }
  const spec = { replicas: 1, selector: { matchLabels: labels }, template }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'plain', namespace }, spec } as Named
}

/** One pod for each unit of the metric, up or down at once. */
function autoscaler(namespace: string, scaleTargetRef: { apiVersion: string; kind: string; name: string }): Named {
  const target = { type: 'AverageValue', averageValue: '1' }
  const metrics = [{ type: 'External', external: { metric: { name: 'queue' }, target } }]
  const behavior = { scaleDown: { stabilizationWindowSeconds: 0 } }
  const metadata = { name: scaleTargetRef.name, namespace }
  const spec = { scaleTargetRef, minReplicas: 1, maxReplicas: 5, metrics, behavior }
  return { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata, spec } as Named
}
