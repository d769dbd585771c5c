import type { RevisionSource } from '../../workload/revision.ts'
import { onTestFinished } from 'vitest'
import { DEPLOYMENTS, PODS, SERVICES } from '../../crds/resources.ts'
import type { PodTemplate, Rollout } from '../../crds/schema/rollout.ts'
import { createKube, type KubeObject, type Log, type Resource } from '../../kube/index.ts'
import { createWorkload } from '../../workload/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'

export const REVISION = 'aaaaaaaaaa'
export const NEXT = 'bbbbbbbbbb'

type Loose = KubeObject & { spec: Record<string, unknown> }

/** A fake API server, the room under test, and short ways to look and to tamper. All of it goes when the test ends. */
export async function stage() {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const workload = createWorkload({ kube: createKube({ kubeconfig: server.kubeconfig }), log: silent })
  const read = (resource: Resource, name: string) =>
    server.store.list(placeOf(resource, 'shop')).find((object) => object.metadata.name === name) as Loose | undefined
  return {
    server,
    workload,
    deployment: (name: string) => read(DEPLOYMENTS, name),
    service: (name: string) => read(SERVICES, name),
    put: (resource: Resource, object: KubeObject & Record<string, unknown>) => server.put(resource, object),
    /** Made with its status, which later calls change through the subresource, as a kubelet does. */
    pod: (input: PodInput): void => {
      const { status, ...pod } = podOf(input)
      server.put(PODS, { ...pod, status })
      server.store.merge(placeOf(PODS, 'shop'), input.name, { status }, 'status')
    },
    writes: () => server.requests.filter(({ method }) => method !== 'GET').length,
  }
}

export const rollout = (spec: Partial<Rollout['spec']> = {}, uid = 'uid-of-checkout'): Rollout => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'checkout', namespace: 'shop', uid },
  spec: {
    replicas: 3,
    template: template(),
    service: { name: 'checkout', ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
    progressDeadline: '10m',
    config: [],
    ...spec,
  } as Rollout['spec'],
})

/** What is declared where no config is versioned. */
export const source = (annotations?: Record<string, string>): RevisionSource => ({
  template: template(annotations),
  configs: {},
})

export const template = (annotations?: Record<string, string>): PodTemplate => ({
  metadata: { labels: { app: 'checkout' }, ...(annotations ? { annotations } : {}) },
  spec: { containers: [{ name: 'app', image: 'shop.local/checkout:1.4.0' }], terminationGracePeriodSeconds: 5 },
})

export type PodInput = {
  name: string
  revision?: string
  ready?: boolean
  deleting?: boolean
  container?: Record<string, unknown>
  initContainer?: Record<string, unknown>
  status?: Record<string, unknown>
}

export function podOf({
  name,
  revision = REVISION,
  ready = false,
  deleting,
  container,
  initContainer,
  status,
}: PodInput) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'sluice.dev/rollout': 'checkout', 'sluice.dev/revision': revision },
      ...(deleting ? { deletionTimestamp: '2026-05-01T10:00:00Z', finalizers: ['test/held'] } : {}),
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      ...(initContainer ? { initContainerStatuses: [{ name: 'init', ...initContainer }] } : {}),
      containerStatuses: [{ name: 'app', ready, restartCount: 0, state: { running: {} }, ...container }],
      ...status,
    },
  }
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
