import type { Kube, Resource } from '../../kube/index.ts'
import { NODE_NAME } from './node.ts'
import type { Pod } from './pod.ts'
import { reachedBy } from './proxy.ts'

const WORKLOAD_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'workloadentries',
  kind: 'WorkloadEntry',
  namespaced: true,
}

const MANAGER = 'sluice-node-agent'
const NODE_LABEL = 'node.sluice.dev/name'

/**
 * Gives clients the pod's address. Server-side apply: an address that an earlier agent left under this name is replaced.
 * Goes with the Pod by garbage collection when everything else fails.
 */
export async function publishAddress(kube: Kube, pod: Pod, ports: Record<string, number>): Promise<void> {
  const { name, namespace = '', uid = '', labels = {} } = pod.metadata
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      name,
      namespace,
      labels: { ...labels, [NODE_LABEL]: NODE_NAME },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
    },
    spec: {
      address: '127.0.0.1',
      labels,
      ...reachedBy(pod, ports),
    },
  }
  await kube.apply(WORKLOAD_ENTRIES, object, { fieldManager: MANAGER, force: true })
}

export async function withdrawAddress(kube: Kube, { metadata }: Pod): Promise<void> {
  await kube.delete({ resource: WORKLOAD_ENTRIES, namespace: metadata.namespace ?? '', name: metadata.name })
}

/** Addresses that an earlier agent left lead to processes that are gone, or to what took their ports since. */
export async function withdrawAll(kube: Kube): Promise<number> {
  const { items } = await kube.list(WORKLOAD_ENTRIES, { labelSelector: `${NODE_LABEL}=${NODE_NAME}` })
  for (const { metadata } of items) {
    await kube.delete({ resource: WORKLOAD_ENTRIES, namespace: metadata.namespace ?? '', name: metadata.name })
  }
  return items.length
}
