import { GROUP, VERSION } from './names.ts'

/** Descriptors of the kinds Sluice touches, in the shape the kube room takes. */
export type ResourceDescriptor = {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
}

const namespaced = (group: string, version: string, plural: string, kind: string): ResourceDescriptor => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
})

export const ROLLOUTS = namespaced(GROUP, VERSION, 'rollouts', 'Rollout')
export const RELEASES = namespaced(GROUP, VERSION, 'releases', 'Release')
export const DECISIONS = namespaced(GROUP, VERSION, 'decisions', 'Decision')
export const SOURCES = namespaced(GROUP, VERSION, 'sources', 'Source')
export const CHANNELS = namespaced(GROUP, VERSION, 'channels', 'Channel')
export const FREEZES: ResourceDescriptor = {
  group: GROUP,
  version: VERSION,
  plural: 'freezes',
  kind: 'Freeze',
  namespaced: false,
}
export const DEPLOYMENTS = namespaced('apps', 'v1', 'deployments', 'Deployment')
export const JOBS = namespaced('batch', 'v1', 'jobs', 'Job')
export const PODS = namespaced('', 'v1', 'pods', 'Pod')
export const SERVICES = namespaced('', 'v1', 'services', 'Service')
export const ENDPOINT_SLICES = namespaced('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice')
export const CONFIG_MAPS = namespaced('', 'v1', 'configmaps', 'ConfigMap')
export const EVENTS = namespaced('events.k8s.io', 'v1', 'events', 'Event')
export const SECRETS = namespaced('', 'v1', 'secrets', 'Secret')
export const AUTOSCALERS = namespaced('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler')
export const CLAIMS = namespaced('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim')
export const VIRTUAL_SERVICES = namespaced('networking.istio.io', 'v1', 'virtualservices', 'VirtualService')
export const WORKLOAD_ENTRIES = namespaced('networking.istio.io', 'v1', 'workloadentries', 'WorkloadEntry')
export const DESTINATION_RULES = namespaced('networking.istio.io', 'v1', 'destinationrules', 'DestinationRule')

/** Kinds that may name a Service's host and are only ever read. */
export const BYSTANDERS = [
  namespaced('networking.istio.io', 'v1', 'sidecars', 'Sidecar'),
  namespaced('networking.istio.io', 'v1', 'serviceentries', 'ServiceEntry'),
  namespaced('networking.istio.io', 'v1alpha3', 'envoyfilters', 'EnvoyFilter'),
  namespaced('security.istio.io', 'v1', 'authorizationpolicies', 'AuthorizationPolicy'),
  namespaced('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute'),
  namespaced('gateway.networking.k8s.io', 'v1', 'grpcroutes', 'GRPCRoute'),
]

const ofAdmission = (plural: string, kind: string): ResourceDescriptor => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: false,
})

export const PIN_POLICIES = ofAdmission('mutatingadmissionpolicies', 'MutatingAdmissionPolicy')
export const PIN_BINDINGS = ofAdmission('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding')
export const GUARD_POLICIES = ofAdmission('validatingadmissionpolicies', 'ValidatingAdmissionPolicy')
export const GUARD_BINDINGS = ofAdmission('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')
export const NAMESPACES: ResourceDescriptor = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
}
