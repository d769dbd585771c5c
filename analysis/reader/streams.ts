import type { Client } from './client.ts'
import { anyOf } from './queries.ts'
import { AskError } from './refusal.ts'

const TIMEOUT_MS = 5_000

export type StreamsOptions = { client: Client; namespace: string; services: string[]; signal: AbortSignal }

/** See `Sampler.streams`. */
export async function streamsTo({ client, signal, ...to }: StreamsOptions): Promise<number | undefined> {
  try {
    const answers = await Promise.all(
      [activeRequests(to), openConnections(to)].map((query) => client.series({ query, timeoutMs: TIMEOUT_MS, signal })),
    )
    const values = answers.flat().flatMap(({ samples }) => samples.at(-1)?.[1] ?? [])
    return values.reduce((sum, value) => sum + Math.max(0, value), 0)
  } catch (error) {
    if (error instanceof AskError) return undefined
    throw error
  }
}

type To = Pick<StreamsOptions, 'namespace' | 'services'>

/** Envoy's own gauge; Istio's proxies show it where their statistics include `upstream_rq_active`. */
export function activeRequests({ namespace, services }: To): string {
  const cluster = String.raw`outbound\\|\\d+\\|[^|]*\\|(${anyOf(services)})\\.${anyOf([namespace])}\\.svc\\..*`
  return `sum(envoy_cluster_upstream_rq_active{cluster_name=~"${cluster}"})`
}

/** Of TCP routes; a proxy that ends takes both counters with it. */
export function openConnections({ namespace, services }: To): string {
  const to = `{reporter="source",destination_service_namespace="${namespace}",destination_service_name=~"${anyOf(services)}"}`
  return `sum(istio_tcp_connections_opened_total${to}) - (sum(istio_tcp_connections_closed_total${to}) or vector(0))`
}
