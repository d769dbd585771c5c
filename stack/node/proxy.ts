import type { Kube, Resource } from '../../kube/index.ts'
import type { Pod } from './pod.ts'

type Ports = Record<string, number>

/** What a proxy says of itself, beside the labels of its pod. */
export const POD_LABELS = { name: 'node.sluice.dev/pod' }

const SIDECARS: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'sidecars',
  kind: 'Sidecar',
  namespaced: true,
}
const MANAGER = 'sluice-node-agent'

/**
 * Ports by name as clients find them: where a pod has a proxy, its first declared port is the proxy's, and who they
 * find there can prove its identity.
 */
export function reachedBy(pod: Pod, ports: Ports): { ports: Ports; serviceAccount?: string } {
  const { inbound } = ports
  const port = servingPort(pod)
  if (inbound === undefined || port === undefined) return { ports }
  return { ports: { ...ports, [port]: inbound }, serviceAccount: pod.spec.serviceAccountName ?? 'default' }
}

/**
 * Tells istiod where a pod's proxy listens and what is behind it, which on other clusters iptables do; undefined where
 * there is none, or while its ports are not known.
 */
export function guidanceOf(pod: Pod, { inbound, outbound, ...ports }: Ports): Guidance | undefined {
  const { name, namespace = '', uid = '' } = pod.metadata
  const application = ports[servingPort(pod) ?? '']
  if (inbound === undefined || outbound === undefined || application === undefined) return undefined
  const here = { bind: '127.0.0.1', captureMode: 'NONE' }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name, namespace, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] },
    spec: {
      workloadSelector: { labels: { [POD_LABELS.name]: name } },
      ingress: [
        {
          ...here,
          port: { number: inbound, name: 'http', protocol: 'HTTP' },
          defaultEndpoint: `127.0.0.1:${application}`,
        },
      ],
      egress: [{ ...here, port: { number: outbound, name: 'http-proxy', protocol: 'HTTP_PROXY' }, hosts: ['./*'] }],
    },
  }
}

export type Guidance = Parameters<Kube['apply']>[1] & { spec: object }

export async function guide(kube: Kube, guidance: Guidance): Promise<void> {
  await kube.apply(SIDECARS, guidance, { fieldManager: MANAGER, force: true })
}

const servingPort = ({ spec }: Pod): string | undefined => spec.containers[0]?.ports?.[0]?.name
