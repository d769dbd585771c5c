import { POD_LABELS } from '../node/proxy.ts'
import { PROXY_IMAGE } from './proxy.ts'

type Template = { metadata?: Metadata; spec: Spec } & Record<string, unknown>
type Metadata = { labels?: Record<string, string>; annotations?: Record<string, string> } & Record<string, unknown>
type Spec = { initContainers?: object[]; volumes?: object[] } & Record<string, unknown>

/**
 * A pod template with a proxy of its own, as `istioctl kube-inject` would write it for this node: without iptables the
 * pod's address leads to the proxy, and the application stays reachable beside it on its own port.
 */
export function withProxy({ metadata = {}, spec, ...rest }: Template): Template {
  const { labels, annotations } = metadata
  return {
    ...rest,
    metadata: {
      ...metadata,
      labels: { ...labels, 'security.istio.io/tlsMode': 'istio' },
      // Its status port would be open on every address of the machine; Envoy's own answers probes.
      annotations: { ...annotations, 'status.sidecar.istio.io/port': '0' },
    },
    spec: {
      ...spec,
      initContainers: [...(spec.initContainers ?? []), proxy()],
      volumes: [...(spec.volumes ?? []), ...volumes()],
    },
  }
}

function proxy(): object {
  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  return {
    name: 'istio-proxy',
    image: PROXY_IMAGE,
    restartPolicy: 'Always',
    env: [
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
      { name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' },
      { name: 'ISTIO_META_INTERCEPTION_MODE', value: 'NONE' },
      { name: 'ISTIO_METAJSON_LABELS', value: JSON.stringify({ [POD_LABELS.name]: '$(POD_NAME)' }) },
      { name: 'PROXY_CONFIG', value: '{"proxyAdminPort": $(PORT_ADMIN)}' },
    ],
    startupProbe: { httpGet: { path: '/ready', port: 'admin' }, periodSeconds: 1, failureThreshold: 60 },
    // Open when it has its certificate and knows where the application listens.
    readinessProbe: { tcpSocket: { port: 'inbound' }, periodSeconds: 1 },
    volumeMounts: [
      { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
      { name: 'istio-podinfo', mountPath: '/etc/istio/pod' },
    ],
  }
}

function volumes(): object[] {
  const token = { audience: 'istio-ca', expirationSeconds: 43_200, path: 'istio-token' }
  const fields = ['labels', 'annotations'].map((path) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } }))
  return [
    { name: 'istio-token', projected: { sources: [{ serviceAccountToken: token }] } },
    { name: 'istio-podinfo', downwardAPI: { items: fields } },
  ]
}
