import type { KubeObject } from '../kube/index.ts'

/** The fields of Kubernetes' own kinds that this room reads; everything else passes through untouched. */
export type Deployment = KubeObject & {
  spec: {
    replicas?: number
    revisionHistoryLimit?: number
    progressDeadlineSeconds?: number
    selector: { matchLabels?: Record<string, string> }
    template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> } }
  }
  status?: { conditions?: Condition[] }
}

export type Service = KubeObject & {
  spec: { selector?: Record<string, string>; ports?: ServicePort[]; clusterIP?: string; type?: string }
}

export type ServicePort = {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: string
  nodePort?: number
  appProtocol?: string
}

export type Job = KubeObject & {
  spec: { backoffLimit: number; activeDeadlineSeconds: number; template: JobTemplate }
  status?: { startTime?: string; conditions?: Condition[] }
}

export type JobTemplate = {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }
  spec: { containers: JobContainer[]; initContainers?: JobContainer[]; restartPolicy?: string }
}

export type JobContainer = { name: string; env?: { name: string; value?: string }[] }

export type Pod = KubeObject & { status?: PodStatus }

export type PodStatus = {
  phase?: string
  reason?: string
  message?: string
  /** Absent where the node has no network of its own. */
  podIP?: string
  conditions?: Condition[]
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
}

export type EndpointSlice = KubeObject & {
  endpoints?: { conditions?: { ready?: boolean }; targetRef?: { kind?: string; name?: string } }[]
}

export type WorkloadEntry = KubeObject

export type Condition = { type: string; status: string; reason?: string; message?: string }

export type ContainerStatus = {
  name: string
  image?: string
  ready?: boolean
  restartCount?: number
  state?: ContainerState
  lastState?: ContainerState
}

export type ContainerState = {
  waiting?: { reason?: string; message?: string }
  running?: object
  terminated?: Terminated
}

export type Terminated = {
  exitCode?: number
  signal?: number
  reason?: string
  message?: string
  /** RFC 3339, whole seconds. */
  finishedAt?: string
}
