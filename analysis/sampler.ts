import type { Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import type { Before, Source } from './ledger.ts'

export type SampleRequest = {
  namespace: string
  /** Service names of the two revisions; `destination_service_name` in Istio's series. */
  canary: string
  baseline: string
  /** What `$rollout` and `$revision` in PromQL of one's own stand for. */
  rollout: string
  revisions: { canary: string; baseline: string }
  policy: Policy
  /** Epoch seconds at which the release began: pods younger than that start their counters at 0. */
  startedAt: number
  /** Epoch seconds: the end of the last row that is already known; reading goes on there, however long ago. */
  after: number
  /** Everything goes to the canary: that nobody ever asked the baseline by its own name is no ignorance. */
  isAlone?: true
}

/** `apex`: the Service that has the traffic at rest; what was before the release is found under its name. */
export type BeforeRequest = SampleRequest & { apex: string }

/**
 * `refused`: why nobody could be asked, or not even for the rate, as a sentence. `scrape`: seconds between two samples of
 * the slowest target.
 */
export type LookedBack = { before: Before; policy: Policy; refused?: string; scrape?: number }

/** A closed interval as Prometheus tells it. Metrics without data are missing from `cells`, and `missing` says why. */
export type Reading = {
  t0: number
  t1: number
  cells: Record<string, Cell>
  users?: Record<string, Cell>
  gap?: true
  classes?: Record<string, [nc: number, nb: number]>
  pods?: Record<string, [n: number, x: number]>
  gauges?: Record<string, number>
  tooManySeries?: true
  missing?: string
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
  /**
   * What was before the release, and the policy with its latency boundaries fixed by it (analysis.md 3.7). Without data
   * the parts are missing, and the boundaries stay open until the first row that has some.
   */
  before(request: BeforeRequest, signal: AbortSignal): Promise<LookedBack>
  /**
   * Requests, and connections of TCP routes, that are open to a revision right now, as proxies show them; what none of
   * them shows counts 0. Undefined when nobody could be asked.
   */
  streams(request: StreamsRequest, signal: AbortSignal): Promise<number | undefined>
}

/** `workload`: its Deployment, `services`: its own ones; `seconds`: how long something has to be open at the apex to count. */
export type StreamsRequest = { namespace: string; workload: string; services: string[]; apex: string; seconds: number }

/** One sampler per address and credentials; asking again gives the same one. */
export type Samplers = (address: string, credentials: Credentials) => Sampler
