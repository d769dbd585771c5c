import type { Held } from '../crds/freezing.ts'
import type { Ended } from '../crds/outcome.ts'
import type { Routing } from '../crds/notices.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Observed, RouteTarget } from '../router/router.ts'
import type { Adoption } from '../workload/adoption.ts'
import type { RevisionState } from '../workload/workload.ts'
import type { Return } from './returning.ts'

export type RolloutRef = { namespace: string; name: string }

/** What is really there, in one small object: the first activity of every run, whether it begins or recovers. */
export type Picture = {
  ref: RolloutRef
  target: RouteTarget
  /** The Rollout's generation that this picture shows. */
  generation: number
  deleting: boolean
  replicas: number
  suspend: boolean
  onNewRevision: 'supersede' | 'queue'
  /** So many releases in a row, the last one among them, made way for a newer revision. */
  supersessions: number
  declared: {
    revision: Revision
    /** Equal to the stored snapshot of stable, read through the same API server. */
    isStable: boolean
    /** Rolled back or aborted before; starts again only by `retry`, or after another was declared. */
    rejected: boolean
    /** A `kubectl.kubernetes.io/restartedAt` that stable's Deployment does not have yet: restarts stable, and is no release. */
    restart: boolean
    /** What the configs of stable contain is still to be noted in its Release. */
    unnoted?: true
    /** It served before, and a return needs no gates. */
    returns?: Return
  }
  /** The route's word, else the status'. */
  stable?: Revision
  stableReady: number
  /** Served before stable, and its Deployment is there: what a person's `rollback` goes to. */
  previous?: Revision
  route: Observed
  /** What a DestinationRule of the apex host says has not reached the revisions of the open release. */
  destinationsBehind?: true
  /** Newest release without an outcome. */
  open?: OpenRelease
  last?: { number: number; revision: Revision } & Ended
  /** max(status, route, Release objects) + 1 */
  nextNumber: number
  /** At least every sequence number that stands on the route for the release in question. */
  nextSeq: number
  /** The status says that a release is under way. */
  unsettled: boolean
  revisions: RevisionState[]
  /** With `workloadRef`, while the Deployment is there. */
  adoption?: Adoption
  /** A Freeze, or a limit, keeps it from going forward. */
  held?: Held
  /** It does not go before it was handed back. */
  toBeHandedBack?: true
  settings: Settings
}

export type OpenRelease = {
  number: number
  revision: Revision
  from?: Revision
  epoch: number
  stepIndex: number
  /** Number of the release that a person leaves by it. */
  leaves?: number
}

/** Durations in milliseconds. */
export type Settings = {
  settleMs: number
  scaleDownDelayMs: number
  abortScaleDownDelayMs: number
  drainMs: number
  progressDeadlineMs: number
  /** What somebody else's move of the route towards stable does; aborts where absent. */
  onForeignEdit?: 'hold'
  /** Who is told outside the cluster. */
  notify?: Routing[]
}

/**
 * A stretch of time at one weight. Rows that contain a change belong to the older mark. `since` is epoch seconds;
 * `replaced`: it began because a pod was replaced; `beside`: no weight, but a cohort, copies or a preview.
 */
export type Mark = {
  slot: number
  weight: number
  since: number
  addedPods: boolean
  replaced?: true
  beside?: true
}
