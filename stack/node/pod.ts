import type { KubeObject, ObjectMeta, Resource } from '../../kube/index.ts'

/** The part of a Pod that the agent understands. */
export type Pod = Omit<KubeObject, 'metadata'> & {
  metadata: ObjectMeta & { deletionGracePeriodSeconds?: number }
  spec: {
    nodeName?: string
    containers: Container[]
    initContainers?: Container[]
    restartPolicy?: 'Always' | 'OnFailure' | 'Never'
    schedulingGates?: unknown[]
  }
  status?: PodStatus
}

export type Container = {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  envFrom?: unknown[]
  ports?: { name?: string; containerPort: number }[]
  readinessProbe?: Probe
}

export type EnvVar = { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }

export type Probe = {
  httpGet?: { path?: string; port: number | string; httpHeaders?: { name: string; value: string }[] }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
  successThreshold?: number
}

export type PodStatus = {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  startTime?: string
  conditions?: Condition[]
  containerStatuses?: ContainerStatus[]
}

export type Condition = {
  type: string
  status: 'True' | 'False'
  lastTransitionTime?: string
  reason?: string
  message?: string
}

export type Terminated = {
  exitCode: number
  signal?: number
  reason: string
  message?: string
  startedAt?: string
  finishedAt?: string
}

export type State =
  { waiting: { reason: string; message?: string } } | { running: { startedAt: string } } | { terminated: Terminated }

export type ContainerStatus = {
  name: string
  image: string
  imageID: string
  ready: boolean
  started: boolean
  restartCount: number
  state: State
  lastState: { terminated?: Terminated }
}

const core = (plural: string, kind: string, namespaced: boolean): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
})

export const PODS = core('pods', 'Pod', true)
export const NODES = core('nodes', 'Node', false)
export const BINDINGS = core('bindings', 'Binding', true)
