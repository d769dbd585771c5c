import type { StreamsRequest } from '../sampler.ts'
import type { Client } from './client.ts'
import { anyOf } from './queries.ts'
import { AskError } from './refusal.ts'

const TIMEOUT_MS = 5_000

/** See `Sampler.streams`. What the pods' own proxies show is exact, and what callers' show is not asked for then. */
export async function streamsTo(
  client: Client,
  request: StreamsRequest,
  signal: AbortSignal,
): Promise<number | undefined> {
  const ask = async (query: string): Promise<number | undefined> => {
    const series = await client.series({ query, timeoutMs: TIMEOUT_MS, signal })
    return series.flatMap(({ samples }) => samples.at(-1)?.[1] ?? []).map((value) => Math.max(0, value))[0]
  }
  try {
    const [connections = 0, inside] = await Promise.all([ask(openConnections(request)), ask(insidePods(request))])
    if (inside !== undefined) return connections + inside
    const [own = 0, apex = 0] = await Promise.all([ask(toRevision(request)), ask(toApex(request))])
    return connections + own + apex
  } catch (error) {
    if (error instanceof AskError) return undefined
    throw error
  }
}

const ACTIVE = 'envoy_cluster_upstream_rq_active'

/** Envoy's own gauge; Istio's proxies show it where their statistics include `upstream_rq_active`. */
export const insidePods = ({ namespace, workload }: StreamsRequest): string =>
  String.raw`sum(${ACTIVE}{cluster_name=~"inbound\\|.*",namespace="${namespace}",pod=~"${anyOf([workload])}-.*"})`

export const toRevision = (request: StreamsRequest): string => `sum(${activeAt(request, request.services)})`

/**
 * What was open at rest is open at the apex, where nobody tells whose it is: what was never closed in all of the time is
 * taken for streams of the revision.
 */
export const toApex = (request: StreamsRequest): string =>
  `min_over_time((sum(${activeAt(request, [request.apex])}))[${Math.ceil(request.seconds)}s:1s])`

function activeAt({ namespace }: StreamsRequest, services: string[]): string {
  const cluster = String.raw`outbound\\|\\d+\\|[^|]*\\|(${anyOf(services)})\\.${anyOf([namespace])}\\.svc\\..*`
  return `${ACTIVE}{cluster_name=~"${cluster}"}`
}

/** Of TCP routes, whatever host they were opened to; a proxy that ends takes both counters with it. */
export function openConnections({ namespace, workload }: StreamsRequest): string {
  const of = (counter: string): string =>
    `sum by (reporter) (istio_tcp_connections_${counter}_total{destination_workload_namespace="${namespace}",destination_workload="${workload}"})`
  return `max(${of('opened')} - (${of('closed')} or 0 * ${of('opened')}))`
}
