import { isAlreadyExists, type Kube, type KubeObject, type Ref } from '../../kube/index.ts'
import { NODES } from './pod.ts'
import { now } from './process.ts'

export const NODE_NAME = 'local'

/** On the Node: milliseconds from a pod's Ready to its address; takes effect at once. */
const DELAY_ANNOTATION = 'sluice.dev/endpoint-delay-ms'

export type Node = KubeObject & {
  spec?: { unschedulable?: boolean }
  status?: { allocatable?: Record<string, string> }
}

const REF: Ref = { resource: NODES, name: NODE_NAME }

/** Makes the Node where it is missing, and says that it is ready for pods and where to ask about them. */
export async function registerNode(kube: Kube, endpointDelayMs: number, endpointPort?: number): Promise<void> {
  const labels = { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': process.platform }
  const annotations = { [DELAY_ANNOTATION]: String(endpointDelayMs) }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE_NAME, labels, annotations } }
  try {
    await kube.create(NODES, node)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await setEndpointDelay(kube, endpointDelayMs)
  }
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'AgentReady',
    message: 'pods run as processes of this machine',
    lastHeartbeatTime: now(),
    lastTransitionTime: now(),
  }
  const capacity = { cpu: '64', memory: '64Gi', pods: '1000' }
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }]
  const daemonEndpoints = endpointPort === undefined ? {} : { kubeletEndpoint: { Port: endpointPort } }
  const status = { conditions: [ready], capacity, allocatable: capacity, addresses, daemonEndpoints }
  await kube.mergePatch(REF, { status }, { subresource: 'status' })
}

/** How long an address comes after Ready, from now on; 0 or more milliseconds. */
export async function setEndpointDelay(kube: Kube, ms: number): Promise<void> {
  await kube.mergePatch(REF, { metadata: { annotations: { [DELAY_ANNOTATION]: String(ms) } } })
}

/** A cordoned node keeps its pods and takes no new ones. */
export async function setCordoned(kube: Kube, cordoned: boolean): Promise<void> {
  await kube.mergePatch(REF, { spec: { unschedulable: cordoned || null } })
}

export function endpointDelayOf(node: Node | undefined, fallbackMs: number): number {
  const ms = Number(node?.metadata.annotations?.[DELAY_ANNOTATION] ?? fallbackMs)
  return Number.isFinite(ms) && ms >= 0 ? ms : fallbackMs
}
