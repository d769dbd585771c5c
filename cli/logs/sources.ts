import { LABEL } from '../../crds/names.ts'
import type { KubeObject } from '../../kube/index.ts'
import type { Choice } from './sides.ts'

type ContainerStatus = { name: string; restartCount: number; state?: { waiting?: object } }
export type Pod = KubeObject & {
  spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] }
  status?: { containerStatuses?: ContainerStatus[]; initContainerStatuses?: ContainerStatus[] }
}

/** One container of one pod, from one start to its end. */
export type Source = {
  key: string
  side: string
  namespace: string
  pod: string
  container: string
  /** Whether it has something to say yet. */
  hasBegun: boolean
}

/** The containers of a pod that are asked for; all of them where none is named. */
export function sourcesOf(pod: Pod, { sideOf }: Choice, container?: string): Source[] {
  const { name, namespace = '', uid = name, labels = {} } = pod.metadata
  const side = sideOf(labels[LABEL.revision] ?? '')
  if (side === undefined) return []
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    .filter((one) => container === undefined || one.name === container)
    .map((one) => {
      const status = statuses.find((status) => status.name === one.name)
      return {
        key: `${uid}/${one.name}/${status?.restartCount ?? 0}`,
        side,
        namespace,
        pod: name,
        container: one.name,
        hasBegun: status?.state !== undefined && status.state.waiting === undefined,
      }
    })
}
