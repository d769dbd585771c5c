import type { Series } from './client.ts'

/** What the labels of a series say about where it comes from. */

export type Line = Series & {
  /** The full label set as one text. */
  identity: string
  /** What is scraped: all series of one target come from one process, at the same moments. */
  target: string
}

const REPLICA_LABELS = ['prometheus_replica', '__replica__', 'thanos_replica', 'replica']

export const lineOf = (series: Series): Line => ({
  ...series,
  identity: identityOf(series.labels),
  target: targetOf(series),
})

export const targetOf = ({ labels }: Pick<Series, 'labels'>): string =>
  JSON.stringify([labels.job ?? '', labels.instance ?? '', labels.pod ?? ''])

/** `namespace/service` that the requests were sent to; of a destination's series, the workload that answered. */
export const serviceOf = ({ labels }: Pick<Series, 'labels'>): string =>
  labels.reporter === 'destination'
    ? `${labels.destination_workload_namespace ?? ''}/${labels.destination_workload ?? ''}`
    : `${labels.destination_service_namespace ?? ''}/${labels.destination_service_name ?? ''}`

/** Scrape configurations name the pod in different ways; where none does, the scraped address stands for it. */
export const podOf = ({ pod, kubernetes_pod_name, pod_name, instance }: Record<string, string>): string | undefined =>
  pod ?? kubernetes_pod_name ?? pod_name ?? instance

/** Labels in which these series differ, by name. */
export function differing(series: readonly Pick<Series, 'labels'>[]): string[] {
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)))
  return [...names].filter((name) => new Set(series.map(({ labels }) => labels[name])).size > 1).sort()
}

/** The label by which two replicas of one Prometheus answer for the same series; undefined when none does. */
export function replicaLabel(series: readonly Series[]): string | undefined {
  const present = REPLICA_LABELS.filter((label) => series.some(({ labels }) => labels[label] !== undefined))
  if (present.length === 0) return undefined
  const rest = series.map(({ labels }) =>
    identityOf({ ...labels, ...Object.fromEntries(present.map((label) => [label, ''])) }),
  )
  return new Set(rest).size < series.length ? present[0] : undefined
}

const identityOf = (labels: Record<string, string>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
