import type { Kube } from '../../kube/index.ts'
import { createConfigs } from './configs.ts'

const GROUP_VERSION = 'external.metrics.k8s.io/v1beta1'
export const METRICS_ROOT = `/apis/${GROUP_VERSION}`

/** In each namespace: a metric's name is a key, its value a quantity such as `12` or `500m`. */
const METRICS_CONFIG_MAP = 'external-metrics'

/**
 * Kubernetes' API of external metrics, for whoever asks by an APIService. A metric is what is written into the ConfigMap
 * `external-metrics` of the namespace. undefined for what there is not.
 */
export async function metricsAnswer(kube: Pick<Kube, 'get'>, path: string): Promise<object | undefined> {
  if (path === METRICS_ROOT) {
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: GROUP_VERSION, resources: [] }
  }
  const found = /^\/namespaces\/([^/]+)\/([^/]+)$/.exec(path.slice(METRICS_ROOT.length))
  if (!found) return undefined
  const [namespace = '', metricName = ''] = found.slice(1).map(decodeURIComponent)
  const config = await createConfigs(kube, namespace)('configMap', METRICS_CONFIG_MAP)
  const value = config?.texts[metricName]
  const timestamp = new Date().toISOString()
  const items = value === undefined ? [] : [{ metricName, metricLabels: {}, timestamp, value: value.trim() }]
  return { kind: 'ExternalMetricValueList', apiVersion: GROUP_VERSION, metadata: {}, items }
}
