import { NODE_NAME, type Node } from './node.ts'
import type { Expression, LabelSelector, Pod, Requests } from './pod.ts'

/** Whether there is room for a pod on the only node, as a scheduler decides it: what it cannot be given here, it does not get. */

type Around = {
  node: Node | undefined
  pods: Pod[]
  /** Uids of pods that were given a place just now, whether they say so already or not. */
  placed: ReadonlySet<string>
}

/** Why the pod cannot run here, in the scheduler's words; undefined where it can. */
export function obstacleTo(pod: Pod, { node, pods, placed }: Around): string | undefined {
  const others = pods.filter(({ metadata, spec, status }) => {
    const over = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    const isHere = spec.nodeName === NODE_NAME || placed.has(metadata.uid ?? '')
    return isHere && !over && metadata.uid !== pod.metadata.uid
  })
  const why =
    (node?.spec?.unschedulable === true && 'node(s) were unschedulable') ||
    (!selects(pod, node) && "node(s) didn't match Pod's node affinity/selector") ||
    lacking(pod, node, others) ||
    (keepsAway(pod, others) && "node(s) didn't match pod anti-affinity rules") ||
    (others.some((other) => keepsAway(other, [pod])) && "node(s) didn't satisfy existing pods anti-affinity rules")
  return why ? `0/1 nodes are available: 1 ${why}.` : undefined
}

function selects({ spec: { nodeSelector = {}, affinity } }: Pod, node: Node | undefined): boolean {
  const labels = node?.metadata.labels ?? {}
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return (
    matches({ matchLabels: nodeSelector }, labels) &&
    (terms === undefined || terms.some(({ matchExpressions = [] }) => matches({ matchExpressions }, labels)))
  )
}

function lacking(pod: Pod, node: Node | undefined, others: Pod[]): string | undefined {
  const capacity = node?.status?.allocatable ?? {}
  for (const resource of ['cpu', 'memory'] as const) {
    const taken = others.reduce((sum, other) => sum + requestOf(other, resource), 0)
    if (taken + requestOf(pod, resource) > quantity(capacity[resource] ?? '0')) return `Insufficient ${resource}`
  }
  return undefined
}

/** Containers run together, and what runs before them alone needs its part only then. */
function requestOf({ spec: { containers, initContainers = [] } }: Pod, resource: keyof Requests): number {
  const of = ({ resources }: Pod['spec']['containers'][number]): number =>
    quantity(resources?.requests?.[resource] ?? '0')
  const together = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
  return Math.max(
    together.reduce((sum, container) => sum + of(container), 0),
    ...initContainers.map(of),
  )
}

/** One of the others is where this pod must not be with it: on any domain of which this node is a part. */
function keepsAway({ metadata, spec }: Pod, others: Pod[]): boolean {
  const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  return terms.some(({ labelSelector }) =>
    others.some(
      (other) =>
        other.metadata.namespace === metadata.namespace &&
        labelSelector !== undefined &&
        matches(labelSelector, other.metadata.labels ?? {}),
    ),
  )
}

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => holds(expression, labels[expression.key]))
  )
}

function holds({ operator, values = [] }: Expression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

const SCALE: Record<string, number> = { '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** `500m` is 0.5 of a CPU, `2Gi` are bytes; what it does not know is too much for this node. */
function quantity(text: string): number {
  const [, number, unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(text) ?? []
  return number === undefined ? Infinity : Number(number) * (SCALE[unit] ?? Infinity)
}
