import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { targetsFolder } from '../node/targets.ts'
import { statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

/**
 * Scrapes every second: the gateway, whose counters get the names of Istio's standard metrics, and the pods, which tell
 * what they answered.
 */
export const prometheus: ServerFactory = ({ stateDir, ports, path }) => ({
  port: ports.prometheus,
  async configure() {
    // Prometheus watches the folder, but only one that is there.
    await mkdir(targetsFolder(stateDir), { recursive: true })
    const config = scrapeConfig(ports.gatewayAdmin, targetsFolder(stateDir))
    await writeFile(path('config', 'prometheus.json'), JSON.stringify(config))
  },
  command: (tools) => tools.prometheus,
  args: [
    `--config.file=${path('config', 'prometheus.json')}`,
    `--storage.tsdb.path=${path('prometheus')}`,
    '--storage.tsdb.retention.time=2h',
    `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    '--query.lookback-delta=15s',
    '--log.level=warn',
  ],
  ready: async () => (await statusOf(`http://127.0.0.1:${ports.prometheus}/-/ready`)) === 200,
})

function scrapeConfig(adminPort: number, targets: string): object {
  const labels = {
    reporter: 'source',
    source_workload: 'istio-ingressgateway',
    source_workload_namespace: 'istio-system',
  }
  return {
    global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'envoy',
        metrics_path: '/stats/prometheus',
        params: { usedonly: [''], filter: [String.raw`^cluster\.outbound`] },
        static_configs: [{ targets: [`127.0.0.1:${adminPort}`], labels }],
        metric_relabel_configs: relabelling(),
      },
      { job_name: 'pods', file_sd_configs: [{ files: [join(targets, '*.json')] }] },
    ],
  }
}

/**
 * Istio's telemetry filter is not in a plain Envoy: its names are made from the counters that Envoy keeps per cluster.
 * A cluster is called `outbound|PORT|SUBSET|SERVICE.NAMESPACE.svc.cluster.local`; what keeps Envoy's name keeps that, too.
 */
function relabelling(): object[] {
  const service = String.raw`outbound\|\d+\|([^|]*)\|([^.|]+)\.([^.|]+)\.svc\.cluster\.local`
  const fromCluster = (target_label: string, replacement: string, regex = service): object => {
    return { source_labels: ['cluster_name'], regex, target_label, replacement }
  }
  const rename = (regex: string, replacement: string): object => {
    return { source_labels: ['__name__'], regex, target_label: '__name__', replacement }
  }
  const unnamed = 'upstream_rq_total|membership_healthy'
  const kept = `upstream_rq|upstream_rq_time_(bucket|sum|count)|upstream_rq_active|${unnamed}`
  return [
    { source_labels: ['__name__'], regex: `envoy_cluster_(${kept})`, action: 'keep' },
    fromCluster('destination_service_name', '$2'),
    fromCluster('destination_service_namespace', '$3'),
    fromCluster('destination_service', '$2.$3.svc.cluster.local'),
    fromCluster('destination_workload', '$2'),
    fromCluster('destination_workload_namespace', '$3'),
    fromCluster('destination_version', '$1', String.raw`outbound\|\d+\|([^|]+)\|.*`),
    rename('envoy_cluster_upstream_rq', 'istio_requests_total'),
    rename('envoy_cluster_upstream_rq_time_(bucket|sum|count)', 'istio_request_duration_milliseconds_$1'),
    {
      source_labels: ['__name__'],
      regex: `istio_.*|envoy_cluster_(${unnamed})`,
      target_label: 'cluster_name',
      replacement: '',
    },
  ]
}
