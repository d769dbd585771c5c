import { writeFile } from 'node:fs/promises'
import { dynamicResources, grpcCluster, loopback } from '../envoy.ts'
import { statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

/** An address that no workload has: istiod would take the proxy for that workload's own. */
const ADDRESS = '127.0.9.1'
const FLAGS =
  '--concurrency 1 --disable-hot-restart --log-level warning --drain-time-s 1 --parent-shutdown-time-s 2'.split(' ')

/** Envoy as Istio's ingress gateway. */
export const gateway: ServerFactory = ({ ports, path }) => ({
  port: ports.gateway,
  configure: () =>
    writeFile(path('config', 'gateway.json'), JSON.stringify(bootstrap(ports.gatewayAdmin, ports.istiodXds))),
  command: (tools) => tools.envoy,
  args: ['-c', path('config', 'gateway.json'), ...FLAGS],
  ready: async () => (await statusOf(`http://127.0.0.1:${ports.gatewayAdmin}/ready`)) === 200,
})

function bootstrap(adminPort: number, xdsPort: number): object {
  return {
    node: node(),
    admin: { address: loopback(adminPort) },
    dynamic_resources: dynamicResources(),
    static_resources: { clusters: [grpcCluster('xds-grpc', loopback(xdsPort))] },
    // Histograms only move on a flush.
    stats_flush_interval: '1s',
    stats_config: { use_all_default_tags: false, stats_tags: tags(), stats_matcher: { inclusion_list: inclusion() } },
  }
}

function node(): object {
  return {
    id: `router~${ADDRESS}~gw.istio-system~istio-system.svc.cluster.local`,
    cluster: 'istio-ingressgateway',
    metadata: {
      NAMESPACE: 'istio-system',
      NAME: 'gw',
      CLUSTER_ID: 'Kubernetes',
      ISTIO_VERSION: '1.30.0',
      INSTANCE_IPS: ADDRESS,
      SERVICE_ACCOUNT: 'gw',
      LABELS: { istio: 'ingressgateway', app: 'istio-ingressgateway' },
    },
  }
}

/** Envoy's own tags would cut cluster names at the first dot. */
function tags(): object[] {
  return [
    { tag_name: 'cluster_name', regex: String.raw`^cluster(\.(.+);)` },
    { tag_name: 'response_code', regex: String.raw`_rq(_(\d{3}))$` },
    { tag_name: 'response_code_class', regex: String.raw`_rq(_(\dxx))$` },
  ]
}

function inclusion(): object {
  const outbound = String.raw`^cluster\.outbound\|[^;]*;\.`
  const counters = String.raw`upstream_rq(_\d{3}|_time|_total|_timeout|_pending_failure_eject|_active)?$`
  const regexes = [counters, 'upstream_(cx_connect_fail|rq_rx_reset)$', 'membership_(healthy|total)$']
  const prefixes = ['cluster_manager', 'listener_manager', 'control_plane', 'server.']
  return {
    patterns: [
      ...regexes.map((regex) => ({ safe_regex: { regex: outbound + regex } })),
      ...prefixes.map((prefix) => ({ prefix })),
    ],
  }
}
