import type { Aside, Fence, Revision, Traffic } from '../crds/traffic.ts'
import type { IstioRouter, ServiceSpec } from '../crds/schema/rollout.ts'

/** What a router needs to know of a Rollout. */
export type RouteTarget = {
  namespace: string
  /** The Rollout's name; revision hosts derive from it. */
  name: string
  uid: string
  router: { istio: IstioRouter }
  service: ServiceSpec
}

/** Contents of the one annotation per Rollout on its route object (JSON). */
export type RouteRecord = {
  /** `formatFence` of the last write. */
  fence: string
  stable: Revision
  previous?: Revision
  canary?: Revision
  /** Number of the release that wrote last. */
  release: number
  /** Number of the release that made `stable` stable: as long as it is `release`, `previous` is where to return to. */
  committed?: number
  /** Number of a release that was aborted on the route itself (`rollback --direct`). */
  aborted?: number
  /** What the last write gave to whom, percent: anything else on the route is a foreign edit. Absent at rest. */
  weights?: Record<Revision, number>
  /** Names of the routes of our own that the last write put on this object, and the preview's host; absent at rest. */
  managed?: string[]
  preview?: string
  /** The original destination lists, verbatim, keyed by `<route object>/<route name>`; absent at rest. */
  rest?: Record<string, unknown[]>
}

export type Observed = {
  /** False when a route object or a named route is gone. */
  found: boolean
  /** The named routes read as in Git: the apex, no revision host, nothing of our own beside them. */
  atRest: boolean
  /** Percent per revision as written on the route (of those requests that are divided); at rest stable has 100. */
  weights: Record<Revision, number>
  record?: RouteRecord
  /**
   * Somebody else changed our destinations since our last write, or what of ours is `beside` them; `manager` is the newest
   * other field manager.
   */
  foreign?: { direction: 'towardsStable' | 'towardsCanary' | 'gone' | 'beside'; manager: string }
  /** What became of the preview's VirtualService, as words; absent where it is as it was written. */
  preview?: string
  /**
   * The newest field manager but ours, where no record of ours is on any route object: nobody wrote one yet, or somebody
   * replaced the route since.
   */
  replacedBy?: string
  /** A route object of our own is missing, or not what is declared: `own` mends that. */
  drifted?: true
}

/**
 * How traffic moves. Every write is read-modify-write with resourceVersion, retried on 409, and read back. Errors:
 * `FencedOff` when a newer write of this Rollout is there, `AbortedOnRoute` when a write would raise the canary of a
 * release that was aborted on the route, `RouteMissing` when the object or the named route is gone, `Unroutable` when what
 * is asked for beside the weights cannot be said on this route (then nothing was written), `ForeignObject` when somebody
 * else's VirtualService has the preview's name.
 */
export type Router = {
  /**
   * Makes the VirtualService of `router.istio.host`, or gives it the declared hosts and gateways; `revision`: whose owner it
   * has. Nothing where routes of somebody else are adopted.
   */
  own(target: RouteTarget, revision: Revision): Promise<void>
  /** Destinations (DestinationRules) exist before any weight names them. Revision Services are the workload room's. */
  prepare(target: RouteTarget, revisions: Revision[]): Promise<void>
  /** As `prepare`, for the side host, which takes what is beside the weights. */
  prepareSide(target: RouteTarget, revision: Revision): Promise<void>
  /** False where the destinations of these revisions no longer have what the apex host has: `prepare` mends that. */
  inStep(target: RouteTarget, revisions: Revision[]): Promise<boolean>
  /** Whose load balancing keeps the requests of one client together, as words; undefined where none does. */
  affinity(target: RouteTarget): Promise<string | undefined>
  /**
   * `stable` commits: that revision becomes stable in the same write. What is beside the weights is there after this write
   * or is gone: nothing of an earlier one is kept. The side host has to have its Service and `prepareSide`. Returns the
   * weights that were read back.
   */
  setTraffic(target: RouteTarget, traffic: Traffic, write: { fence: Fence; stable?: Revision }): Promise<Traffic>
  /** `aside`: what the last write is to have put beside the weights; without it nobody looks into routes of our own. */
  observe(target: RouteTarget, aside?: Aside): Promise<Observed>
  /** At rest: the original destinations, verbatim. */
  restore(target: RouteTarget, fence: Fence): Promise<void>
  /** The route object is its owner's alone again: no record of ours on it. At rest only. */
  forget(target: RouteTarget): Promise<void>
  /** Removes what `prepare` and `prepareSide` made for these revisions. */
  release(target: RouteTarget, revisions: Revision[]): Promise<void>
}
