import { expect, inject, test } from 'vitest'
import { findCondition } from '../../crds/conditions.ts'
import { AUTOSCALERS, CLAIMS, DEPLOYMENTS, ROLLOUTS, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import type { KubeObject } from '../../kube/index.ts'
import { declaredBy, type DeclaredDeployment } from '../../workload/declared.ts'
import { adopting, deployment, service } from '../stage/adopted.ts'
import { eventually } from '../patience.ts'
import { rolloutManifest, virtualService } from '../stage/shop.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

type Loose = Record<string, unknown>
type Template = { spec: Loose & { containers: [Loose] } }
type Spec = Loose & { template: Template }
type Around = {
  /** Changes of what people have. */
  deployment?: (spec: Spec) => void
  service?: Loose
  /** What stands there besides. */
  beside?: (stage: Stage, name: string) => Promise<unknown>
  words: string
  /** Of the condition Stalled; InvalidSpec where absent. */
  reason?: string
}

/** By the name of Rollout, Deployment, Service and route. */
const CASES: Record<string, Around> = {
  scaled: {
    beside: ({ kube, namespace }, name) => {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name }
      const spec = { minReplicas: 1, maxReplicas: 3, scaleTargetRef }
      const metadata = { name: 'busy', namespace }
      return kube.create(AUTOSCALERS, object('autoscaling/v2', AUTOSCALERS.kind, metadata, { spec }))
    },
    words: 'HorizontalPodAutoscaler busy scales Deployment scaled',
  },
  headless: { service: { clusterIP: 'None' }, words: 'Service headless is headless' },
  claimed: {
    deployment: ({ template }) =>
      Object.assign(template.spec, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }),
    beside: ({ kube, namespace }) => {
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
      return kube.create(CLAIMS, object('v1', CLAIMS.kind, { name: 'data', namespace }, { spec }))
    },
    words: 'PersistentVolumeClaim data is ReadWriteOnce',
  },
  ported: {
    deployment: ({ template }) =>
      Object.assign(template.spec.containers[0], { ports: [{ name: 'http', containerPort: 8080, hostPort: 8080 }] }),
    words: 'takes port 8080 of its node (hostPort)',
  },
  recreated: {
    deployment: (spec) => Object.assign(spec, { strategy: { type: 'Recreate' } }),
    words: 'Deployment recreated has the strategy Recreate',
  },
  occupied: {
    beside: async (stage, name) => {
      const { kube, namespace } = stage
      const taken = `${name}-${await revisionOf(stage, name)}`
      const { spec } = deployment(namespace, { version: '1.4.0', replicas: 0 })
      await kube.create(DEPLOYMENTS, object('apps/v1', 'Deployment', { name: taken, namespace }, { spec }))
    },
    words: 'exists and is not of Rollout occupied; rename or delete it',
    // Which name is needed is known when the release has begun.
    reason: 'AnalysisFailed',
  },
}
const NAMES = Object.keys(CASES)

test('what cannot be taken over is refused with the reason, and stays as it is', async () => {
  await using stage = await openStage({ access, name: 'not-adopted', isBare: true })
  const { kube, namespace } = stage
  await kube.create(VIRTUAL_SERVICES, routes(namespace))
  await Promise.all(Object.entries(CASES).map((each) => put(stage, ...each)))
  const before = await seen(stage)
  await Promise.all(NAMES.map((name) => kube.create(ROLLOUTS, manifest(namespace, name))))
  for (const [name, { words, reason = 'InvalidSpec' }] of Object.entries(CASES)) {
    const message = expect.stringContaining(words) as string
    await eventually(async () => expect(await stalled(stage, name)).toMatchObject({ reason, message }))
  }
  expect(await seen(stage)).toEqual(before)
  expect(stage.now().pods).toEqual([])
})

/** Nothing of it runs: what is refused is refused before it has pods. */
async function put(stage: Stage, name: string, around: Around): Promise<void> {
  const { kube, namespace } = stage
  const { spec } = deployment(namespace, { version: '1.4.0', replicas: 0 })
  around.deployment?.(spec as Spec)
  await kube.create(DEPLOYMENTS, object('apps/v1', 'Deployment', { name, namespace }, { spec }))
  const apex = { ...service(namespace).spec, ...around.service }
  await kube.create(SERVICES, object('v1', 'Service', { name, namespace }, { spec: apex }))
  await around.beside?.(stage, name)
}

function manifest(namespace: string, name: string): KubeObject {
  const { spec, ...rest } = rolloutManifest(namespace, adopting({ steps: [{ setWeight: 50 }], replicas: 1 }))
  const { router, ...more } = spec as Loose & { router: { istio: Loose } }
  const istio = { ...router.istio, virtualServices: [{ name: 'shop', routes: [name] }] }
  const own = { workloadRef: { name }, service: { name }, router: { ...router, istio } }
  return { ...rest, metadata: { name, namespace }, spec: { ...more, ...own } } as KubeObject
}

function routes(namespace: string): KubeObject {
  const { spec, ...rest } = virtualService({ namespace, host: `${namespace}.shop.local` })
  const http = NAMES.map((name) => ({
    name,
    match: [{ uri: { prefix: `/${name}` } }],
    route: [{ destination: { host: name, port: { number: 80 } } }],
  }))
  return { ...rest, spec: { ...spec, http } } as KubeObject
}

/** What the Rollout is going to be called, from what is declared. */
async function revisionOf({ kube, namespace }: Stage, name: string): Promise<string> {
  const found = await kube.get<DeclaredDeployment>({ resource: DEPLOYMENTS, namespace, name })
  const rollout = { metadata: { name, namespace }, spec: { workloadRef: { name }, config: [] } } as never
  return declaredBy(rollout, { deployment: found, configs: () => undefined }).revision
}

async function stalled({ kube, namespace }: Stage, name: string) {
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, namespace, name })
  return findCondition(rollout?.status?.conditions, 'Stalled')
}

/** Sizes, selectors and routes of everything that is theirs. */
async function seen({ kube, namespace, now }: Stage): Promise<unknown> {
  const services = await kube.list<KubeObject & { spec: Loose }>(SERVICES, { namespace })
  return {
    sizes: now().deployments.map(({ metadata, spec }) => [metadata.name, spec.replicas]),
    selectors: services.items.map(({ metadata, spec }) => [metadata.name, spec['selector']]),
    route: now().route?.spec,
  }
}

const object = (apiVersion: string, kind: string, metadata: KubeObject['metadata'], rest: Loose): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  ...rest,
})
