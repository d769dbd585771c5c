import type { Kube, Log } from '../kube/index.ts'
import { followAddresses } from './addresses.ts'
import { adoption, followDeclared } from './adoption.ts'
import { freeApex, unmarkApex } from './adoption-apex.ts'
import { addFinalizer, dropFinalizer } from './adoption-finalizer.ts'
import { dissolve, unselect } from './adoption-leaving.ts'
import { holdDeclared, releaseDeclared } from './adoption-workload.ts'
import { removeCopies } from './config-copies.ts'
import { settledBy } from './declared.ts'
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
import { followJob } from './job-following.ts'
import { startJob, stopJob } from './jobs.ts'
import { readSources } from './sources.ts'
import type { Workload } from './workload.ts'

export type { Readiness, Workload } from './workload.ts'

/** Errors are the API server's, or say in a sentence whose object stands in the way. */
export function createWorkload({ kube, log }: { kube: Kube; log: Log }): Workload {
  return {
    declared: async (rollout, known = []) => settledBy(rollout, await readSources(kube, rollout), known),
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
    followAddresses: (target, onChange, signal) => followAddresses({ kube, log, target, onChange, signal }),
    remove: (rollout, revision) => remove(kube, rollout, revision),
    removeConfigs: (rollout, kept) => removeCopies(kube, rollout, kept),
    adoption: (rollout) => adoption(kube, rollout),
    beginAdoption: (rollout) => addFinalizer(kube, rollout),
    holdDeclared: (rollout, replicas) => holdDeclared(kube, rollout, replicas),
    followDeclared: (rollout, onChange, signal) => followDeclared({ kube, log, rollout }, onChange, signal),
    freeApex: (rollout) => freeApex(kube, rollout),
    unselect: (rollout, revision) => unselect(kube, rollout, revision),
    async dissolve(rollout, keep) {
      await dissolve(kube, rollout, keep)
      if (!rollout.spec.workloadRef) return
      await unmarkApex(kube, rollout)
      await releaseDeclared(kube, rollout)
    },
    endAdoption: (rollout) => dropFinalizer(kube, rollout),
    startJob: (rollout, order) => startJob(kube, rollout, order),
    followJob: (rollout, order, signal) => followJob({ kube, log, rollout, order, signal }),
    stopJob: (rollout, job) => stopJob(kube, rollout, job),
    revisions: (rollout) => revisions(kube, rollout),
  }
}
