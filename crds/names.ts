/** Every name, label and annotation that Sluice writes into a cluster. Changing one orphans what older engines wrote. */

export const GROUP = 'sluice.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

export const LABEL = {
  rollout: 'sluice.dev/rollout',
  revision: 'sluice.dev/revision',
  canonicalName: 'service.istio.io/canonical-name',
  canonicalRevision: 'service.istio.io/canonical-revision',
  managedBy: 'app.kubernetes.io/managed-by',
} as const

/** Field managers. `release` owns facts, Ready and Reconciling of a Rollout's status; `controller` alone owns Stalled. */
export const FIELD_MANAGER = {
  release: 'sluice-release',
  controller: 'sluice-controller',
  objects: 'sluice',
  direct: 'sluice-direct',
  /** Holds `replicas` of an adopted Deployment, by server-side apply. */
  adoption: 'sluice-adoption',
  /** Of what a Source applies, and of its status. */
  source: 'sluice-source',
} as const

/** On an adopted Deployment: the Rollout whose revisions are its pods. What `pin` goes by. */
export const ADOPTED_BY = 'sluice.dev/adopted-by'

/** A Rollout with this finalizer is handed back before it goes. */
export const HAND_BACK = 'sluice.dev/hand-back'

/** Name of the admission policies of deploy/components/pin, and of their bindings. */
export const PIN = 'sluice-pin'

/** Provenance annotations: read from the Rollout (any applier may set them), copied into the Release. */
export const PROVENANCE = {
  commit: 'sluice.dev/commit',
  author: 'sluice.dev/author',
  message: 'sluice.dev/message',
} as const

/** On what a Source applies: which one, as `namespace/name`. */
export const APPLIED_BY = 'sluice.dev/applied-by'

/** `disabled` on an object that a Source applied: it stays when the branch no longer declares it. */
export const PRUNE = 'sluice.dev/prune'

/** On a Source: another value makes the engine look at once. */
export const LOOK = 'sluice.dev/look'

/** On a Namespace: nothing in it goes forward. Until when (RFC 3339), or why, or both. */
export const FREEZE = 'sluice.dev/freeze'

/** Deployment and Service of a revision have the same name: telemetry without pod labels still names the revision. */
export const revisionObject = (rollout: string, revision: string): string => `${rollout}-${revision}`

/** Takes what is beside the weights: cohorts, mirrored requests, previews. Telemetry tells it from the revision's own. */
export const sideObject = (rollout: string, revision: string): string => `${revisionObject(rollout, revision)}-x`

/** The VirtualService of a preview host. */
export const previewObject = (rollout: string): string => `${rollout}-preview`

export const releaseObject = (rollout: string, number: number): string => `${rollout}-${number}`

/** The Job of a step, named as people count: step 3 of release 7 is `<rollout>-7-3`. `stepIndex` is from 0. */
export const jobObject = (rollout: string, release: number, stepIndex: number): string =>
  `${releaseObject(rollout, release)}-${stepIndex + 1}`

/** On such a Job: how often its step was begun, from 1. */
export const ROUND = 'sluice.dev/round'

/** The one annotation per Rollout on a route object. */
export const routeAnnotation = (namespace: string, rollout: string): string =>
  `${rollout}.${namespace}.sluice.dev/route`

/** Routes of our own in a user's route object begin with this; nothing else does. */
export const managedRoutePrefix = (namespace: string, rollout: string): string => `${rollout}.${namespace}.sluice.dev/`

export const serviceHost = (namespace: string, service: string): string => `${service}.${namespace}.svc.cluster.local`

export const workflowId = (cluster: string, namespace: string, rollout: string): string =>
  `${cluster}/${namespace}/${rollout}`

/** Task queues: writes and workflow tasks; long watches; what may be late. A hundred watches never starve a rollback. */
export const TASK_QUEUE = { act: 'sluice-act', watch: 'sluice-watch', notify: 'sluice-notify' } as const
