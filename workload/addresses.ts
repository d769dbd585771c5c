import { ENDPOINT_SLICES, PODS, SERVICES, WORKLOAD_ENTRIES } from '../crds/resources.ts'
import { reflect, type Kube, type Log, type Reflector } from '../kube/index.ts'
import { selectorText } from './identity.ts'
import type { EndpointSlice, Pod, Service, WorkloadEntry } from './objects.ts'
import { isReady } from './pod.ts'
import { untilAborted } from './following.ts'
import type { Addressed } from './workload.ts'

export type FollowingAddresses = {
  kube: Kube
  log: Log
  target: { namespace: string; service: string }
  onChange: (state: Addressed) => void
  signal: AbortSignal
}

/**
 * A pod that is Ready has no address yet for those who ask for its Service: another controller publishes it, a moment
 * later or, where that one is busy or down, much later. Watches, closed when `signal` aborts.
 */
export async function followAddresses({ kube, log, target, onChange, signal }: FollowingAddresses): Promise<void> {
  const { namespace, service } = target
  const aborted = untilAborted(signal)
  const live = await kube.get<Service>({ resource: SERVICES, namespace, name: service })
  if (!live) {
    onChange({ waitingFor: `there is no Service ${service}`, isGone: true })
    return aborted
  }
  const labelSelector = selectorText(live.spec.selector ?? {})
  const options = { kube, log, namespace, onChange: look }
  const pods = reflect<Pod>({ ...options, resource: PODS, labelSelector })
  const ofService = { labelSelector: `kubernetes.io/service-name=${service}` }
  const slices = reflect<EndpointSlice>({ ...options, ...ofService, resource: ENDPOINT_SLICES })
  let entries: Reflector<WorkloadEntry> | undefined
  let synced = false

  function look(): void {
    if (!synced || signal.aborted) return
    const ready = pods.items().filter(isReady)
    // Only a node without a network of its own has such pods; where there are none, nobody needs to know this kind.
    if (ready.some(isBare)) entries ??= reflect({ ...options, resource: WORKLOAD_ENTRIES, labelSelector })
    const listed = listedBy(slices.items(), entries?.items() ?? [])
    const missing = ready.find((pod) => !listed.has(isBare(pod) ? (pod.metadata.uid ?? '') : pod.metadata.name))
    const state = missing
      ? { waitingFor: `pod ${missing.metadata.name} is Ready, but Service ${service} does not have its address yet` }
      : {}
    onChange(state)
  }

  try {
    await Promise.race([Promise.all([pods.synced, slices.synced]), aborted])
    synced = true
    look()
    await aborted
  } finally {
    await Promise.all([pods.stop(), slices.stop(), entries?.stop()])
  }
}

/** Names of pods by the cluster's own list, uids by the mesh's: it takes a WorkloadEntry for an endpoint like any other. */
function listedBy(slices: EndpointSlice[], entries: WorkloadEntry[]): Set<string> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? [])
  return new Set([
    ...endpoints.flatMap(({ conditions, targetRef }) =>
      targetRef?.kind === 'Pod' && conditions?.ready !== false ? [targetRef.name ?? ''] : [],
    ),
    ...entries.flatMap(({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid)),
  ])
}

const isBare = ({ status }: Pod): boolean => status?.podIP === undefined
