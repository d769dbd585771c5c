import type { KubeObject, ObjectMeta, Resource } from '../../kube/index.ts'

/** The part of a Pod that the agent understands. */
export type Pod = Omit<KubeObject, 'metadata'> & {
  metadata: ObjectMeta & { deletionGracePeriodSeconds?: number }
  spec: {
    nodeName?: string
    containers: Container[]
    initContainers?: Container[]
    volumes?: Volume[]
    restartPolicy?: RestartPolicy
    terminationGracePeriodSeconds?: number
    serviceAccountName?: string
    schedulingGates?: unknown[]
    nodeSelector?: Record<string, string>
    affinity?: Affinity
  }
  status?: PodStatus
}

export type LabelSelector = { matchLabels?: Record<string, string>; matchExpressions?: Expression[] }
export type Expression = { key: string; operator: string; values?: string[] }
export type Requests = { cpu?: string; memory?: string }

/** What has to hold for a place; what is only preferred has no say where there is one place alone. */
export type Affinity = {
  nodeAffinity?: {
    requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: { matchExpressions?: Expression[] }[] }
  }
  podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { labelSelector?: LabelSelector }[] }
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export type Container = {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  envFrom?: EnvFrom[]
  ports?: { name?: string; containerPort: number }[]
  startupProbe?: Probe
  readinessProbe?: Probe
  livenessProbe?: Probe
  resources?: { requests?: Requests }
  lifecycle?: { preStop?: Handler; postStart?: unknown }
  volumeMounts?: VolumeMount[]
  /** Of an init container: it goes on beside the others. */
  restartPolicy?: RestartPolicy
}

export type KeyRef = { name: string; key: string; optional?: boolean }
export type EnvVar = {
  name: string
  value?: string
  valueFrom?: { fieldRef?: { fieldPath: string }; configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef }
}
export type EnvFrom = { prefix?: string; configMapRef?: SourceRef; secretRef?: SourceRef }
export type SourceRef = { name: string; optional?: boolean }

export type VolumeMount = { name: string; mountPath: string; subPath?: string }
export type Items = { key: string; path: string }[]
export type DownwardItems = { path: string; fieldRef?: { fieldPath: string } }[]
export type Projection = {
  configMap?: SourceRef & { items?: Items }
  secret?: SourceRef & { items?: Items }
  downwardAPI?: { items?: DownwardItems }
  serviceAccountToken?: TokenSource
}
export type TokenSource = { path: string; audience?: string; expirationSeconds?: number }
export type Volume = {
  name: string
  emptyDir?: object
  configMap?: SourceRef & { items?: Items }
  secret?: { secretName: string; optional?: boolean; items?: Items }
  downwardAPI?: { items?: DownwardItems }
  projected?: { sources?: Projection[] }
}

/** What is asked or done of a running container: exactly one of them. */
export type Handler = {
  httpGet?: { path?: string; port: number | string; httpHeaders?: { name: string; value: string }[] }
  tcpSocket?: { port: number | string }
  exec?: { command?: string[] }
  sleep?: { seconds: number }
}

export type Probe = Handler & {
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
  successThreshold?: number
  terminationGracePeriodSeconds?: number
}

export type PodStatus = {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  startTime?: string
  conditions?: Condition[]
  initContainerStatuses?: ContainerStatus[]
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
export const CONFIG_MAPS = core('configmaps', 'ConfigMap', true)
export const SECRETS = core('secrets', 'Secret', true)
export const NODES = core('nodes', 'Node', false)
export const BINDINGS = core('bindings', 'Binding', true)
