import type { Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import type { Source } from './ledger.ts'

export type SampleRequest = {
  namespace: string
  /** Service names of the two revisions; `destination_service_name` in Istio's series. */
  canary: string
  baseline: string
  policy: Policy
  /** Epoch seconds at which the release began: pods younger than that start their counters at 0. */
  startedAt: number
  /** Epoch seconds: the end of the last row that is already known; reading goes on there, however long ago. */
  after: number
}

/** A closed interval as Prometheus tells it. Metrics without data are missing from `cells`, and `missing` says why. */
export type Reading = {
  t0: number
  t1: number
  cells: Record<string, Cell>
  gap?: true
  classes?: Record<string, [nc: number, nb: number]>
  pods?: Record<string, [n: number, x: number]>
  missing?: string
  lastSample?: number
}

export type Credentials = {
  bearerToken?: string
  basic?: { username: string; password: string }
  caBundle?: string
  headers?: Record<string, string>
}

/**
 * Asks one Prometheus for all releases of this worker: one batched look per interval and metric family. Never throws
 * for what Prometheus says or fails to say: that is a Reading without cells.
 */
export type Sampler = {
  /** Queries and windows, for the ledger. */
  sources(request: SampleRequest): Source[]
  /** Closed rows in order, without holes, from `after` on, until `signal`. */
  read(request: SampleRequest, signal: AbortSignal): AsyncIterable<Reading>
  /** Latency boundaries to watch: the declared one moved up to an existing bucket boundary. Undefined without data. */
  boundary(request: SampleRequest, slowerThanMs: number): Promise<number | undefined>
}

/** One sampler per address and credentials; asking again gives the same one. */
export type Samplers = (address: string, credentials: Credentials) => Sampler
