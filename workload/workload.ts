import type { Revision } from '../crds/traffic.ts'
import type { JobRun } from '../crds/plan.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Adoption, DeclaredReadiness } from './adoption.ts'
import type { Declared } from './declared.ts'
import type { RevisionSource, Snapshot } from './revision.ts'

export type Readiness = {
  /** Pods wanted, pods Ready. */
  desired: number
  ready: number
  /** A container of this revision crash-loops, or its process ended by itself (never: a Pod that is being deleted). */
  crash?: { pod: string; container: string; message: string }
  /** What stands in the way, in one sentence with the container and its last message; absent when all are ready. */
  waitingFor?: string
}

/**
 * `waitingFor`: a ready pod of a Service whose address its clients do not have yet; absent when they have all. `isGone`:
 * there is no such Service.
 */
export type Addressed = { waitingFor?: string; isGone?: true }

export type RevisionState = {
  revision: Revision
  /** As its Deployment declares. */
  replicas: number
  /** Pods that are Ready and not being deleted. */
  ready: number
  /** `kubectl.kubernetes.io/restartedAt` of its Deployment; `ensureRevision` moves it on to the template's. */
  restartedAt?: string
}

/** The Job of a step: `stepIndex` from 0, `round` (how often the step was begun) from 1, `stable` to be told to the pod. */
export type JobOrder = { release: Release; stepIndex: number; round: number; stable: Revision; run: JobRun }

/** `sentence` says which Job, and how it ended, without a word of its containers; `tail` is the end of what these wrote: 20 lines, 4 KiB at most. */
export type JobEnd = { passed: boolean; sentence: string; tail?: string }

/** `since` (epoch seconds): a container that ended then or later has crashed, even if it happened before the following began. */
export type FollowTarget = { namespace: string; rollout: string; revision: Revision; since?: number }

/** Revisions as Kubernetes objects: Deployments, Services, pods. All verbs are declarative and may be repeated. What is
 * somebody else's is not written: an error named `ForeignObject` says whose it is. */
export type Workload = {
  /**
   * What the Rollout declares to run. A config that was written a moment ago counts as what it was in the first of `known`
   * that has this template. Throws `NotDeclared` with the field and the remedy.
   */
  declared(rollout: Rollout, known?: Snapshot[]): Promise<Declared>
  /**
   * Deployment `<rollout>-<revision>` and its copies of versioned configs, created when missing; grown to `replicas`,
   * never shrunk here. Of an existing one the template stays as it is, but for a later `restartedAt`, which restarts its
   * pods. Throws an error named `ConfigChanged` when a config to be copied is no longer what `source` says.
   */
  ensureRevision(rollout: Rollout, revision: Revision, source: RevisionSource, replicas: number): Promise<void>
  /** Sets the size, shrinking included. */
  scale(rollout: Rollout, revision: Revision, replicas: number): Promise<void>
  /** A Service of its own name per revision. */
  ensureServices(rollout: Rollout, revisions: Revision[]): Promise<void>
  /** A second Service of the revision (`sideObject`), for what stays out of the ledger. */
  ensureSideService(rollout: Rollout, revision: Revision): Promise<void>
  /** Revision Services, side Services among them, exist only during a release. */
  removeServices(rollout: Rollout, revisions: Revision[]): Promise<void>
  /** Throws a `ForeignObject` when the Service that has the apex's name is not ours. */
  refuseForeignApex(rollout: Rollout): Promise<void>
  /** Makes the apex Service, or moves its selector: it selects stable, always. One that is not ours is refused. */
  pointApex(rollout: Rollout, stable: Revision): Promise<void>
  /** Second lever of a blocked rollback: the canary's Service selects stable's pods. */
  redirectService(rollout: Rollout, from: Revision, to: Revision): Promise<void>
  readiness(rollout: Rollout, revision: Revision): Promise<Readiness>
  /** Follows the pods of a revision until `signal`; `onChange` is called with the first state and every later one. */
  followPods(target: FollowTarget, onChange: (readiness: Readiness) => void, signal: AbortSignal): Promise<void>
  /**
   * Follows the addresses of the ready pods that a Service selects right now, until `signal`; `onChange` is called with
   * the first state and every later one.
   */
  followAddresses(
    target: { namespace: string; service: string },
    onChange: (state: Addressed) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Deletes the Deployment of a revision that has no replicas left. */
  remove(rollout: Rollout, revision: Revision): Promise<void>
  /** Removes the copies of configs of all revisions but those in `keep`. `secrets`: there may be some of Secrets. */
  removeConfigs(rollout: Rollout, kept: { keep: Revision[]; secrets: boolean }): Promise<void>
  /** How it stands with the Deployment that `workloadRef` names; undefined in `template` form, and where it is gone. */
  adoption(rollout: Rollout): Promise<Adoption | undefined>
  /** The finalizer: from now on the Rollout is handed back before it goes. */
  beginAdoption(rollout: Rollout): Promise<void>
  /**
   * The declared Deployment has so many pods of its own, and the engine keeps that. Gives who will write it again, and
   * changes nothing, while somebody will and nothing keeps that away.
   */
  holdDeclared(rollout: Rollout, replicas: number): Promise<{ contestedBy?: string }>
  /** Ready pods of the declared Deployment until `signal`; `onChange` is called with the first state and every later one. */
  followDeclared(rollout: Rollout, onChange: (readiness: DeclaredReadiness) => void, signal: AbortSignal): Promise<void>
  /** The apex of `workloadRef` reads as in Git again. */
  freeApex(rollout: Rollout): Promise<void>
  /** Pods of a revision, or of all, lose the labels that the apex asks for: it selects none of them, whatever else it selects. */
  unselect(rollout: Rollout, revision?: Revision): Promise<void>
  /** Objects of the engine leave, those of `keep` become nobody's; the declared Deployment is as it was found. */
  dissolve(rollout: Rollout, keep: Revision | undefined): Promise<void>
  /** Drops the finalizer. */
  endAdoption(rollout: Rollout): Promise<void>
  /**
   * Makes the Job of a step, owned by its Release, unless this round has one already: it is never run twice. `refused`:
   * why it is not made, with the remedy; what the API server refuses is thrown.
   */
  startJob(rollout: Rollout, order: JobOrder): Promise<{ refused?: string }>
  /** Waits for its end, at most for its time. When `signal` aborts, what it gives means nothing. */
  followJob(rollout: Rollout, order: JobOrder, signal: AbortSignal): Promise<JobEnd>
  /** Deletes the Job of a step with its pods where it still runs; one of a later round than `round` stays. */
  stopJob(
    rollout: { namespace: string; name: string },
    job: { release: number; stepIndex: number; round?: number },
  ): Promise<void>
  /** Every revision Deployment of this Rollout that exists. */
  revisions(rollout: { namespace: string; name: string }): Promise<RevisionState[]>
}
