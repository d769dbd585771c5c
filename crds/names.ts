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
} as const

/** Provenance annotations: read from the Rollout (any applier may set them), copied into the Release. */
export const PROVENANCE = {
  commit: 'sluice.dev/commit',
  author: 'sluice.dev/author',
  message: 'sluice.dev/message',
} as const

/** Deployment and Service of a revision have the same name: telemetry without pod labels still names the revision. */
export const revisionObject = (rollout: string, revision: string): string => `${rollout}-${revision}`

/** Takes what is beside the weights: cohorts, mirrored requests, previews. Telemetry tells it from the revision's own. */
export const sideObject = (rollout: string, revision: string): string => `${revisionObject(rollout, revision)}-x`

export const releaseObject = (rollout: string, number: number): string => `${rollout}-${number}`

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
