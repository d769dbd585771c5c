import type { Kube, Log } from '../kube/index.ts'
import { declaredBy } from './declared.ts'
import { followPods, readinessNow } from './following.ts'
import { namespaceOf } from './identity.ts'
import { ensureRevision, remove, revisions, scale } from './revisions.ts'
import {
  ensureServices,
  ensureSideService,
  pointApex,
  redirectService,
  refuseForeignApex,
  removeServices,
} from './services.ts'
import type { Workload } from './workload.ts'

export type { Readiness, Workload } from './workload.ts'

/** The `template` form. Errors are the API server's, or say in a sentence whose object stands in the way. */
export function createWorkload({ kube, log }: { kube: Kube; log: Log }): Workload {
  return {
    declared: async (rollout) => declaredBy(rollout),
    ensureRevision: (rollout, revision, source, replicas) =>
      ensureRevision(kube, { rollout, revision, source, replicas }),
    scale: (rollout, revision, replicas) => scale(kube, rollout, revision, replicas),
    ensureServices: (rollout, revisions) => ensureServices(kube, rollout, revisions),
    ensureSideService: (rollout, revision) => ensureSideService(kube, rollout, revision),
    refuseForeignApex: (rollout) => refuseForeignApex(kube, rollout),
    removeServices: (rollout, revisions) => removeServices(kube, rollout, revisions),
    pointApex: (rollout, stable) => pointApex(kube, rollout, stable),
    redirectService: (rollout, from, to) => redirectService(kube, rollout, from, to),
    readiness: (rollout, revision) =>
      readinessNow(kube, { namespace: namespaceOf(rollout), rollout: rollout.metadata.name, revision }),
    followPods: (target, onChange, signal) => followPods({ kube, log, target, onChange, signal }),
    remove: (rollout, revision) => remove(kube, rollout, revision),
    revisions: (rollout) => revisions(kube, rollout),
  }
}
