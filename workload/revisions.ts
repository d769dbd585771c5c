import { FIELD_MANAGER, LABEL, revisionObject } from '../crds/names.ts'
import { DEPLOYMENTS, PODS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Kube, Ref } from '../kube/index.ts'
import { ensureCopies } from './config-copies.ts'
import { untilNoConflict } from './conflict.ts'
import { deploymentOf, growth, type DeploymentInput } from './deployment.ts'
import { isOurs, namespaceOf } from './identity.ts'
import type { Deployment, Pod } from './objects.ts'
import { ownerFor } from './owner.ts'
import { foreignObject } from './ownership.ts'
import { isReady } from './pod.ts'
import { RESTARTED_AT } from './revision.ts'
import type { RevisionState } from './workload.ts'

/** Throws while a Deployment of that name is being deleted, and when it is somebody else's. */
export async function ensureRevision(kube: Kube, wanted: Omit<DeploymentInput, 'owner'>): Promise<void> {
  const input = { ...wanted, owner: await ownerFor(kube, wanted.rollout) }
  const ref = refOf(input.rollout, input.revision)
  await untilNoConflict(async () => {
    const live = await kube.get<Deployment>(ref)
    if (live) refuseForeign(live, input.rollout)
    await ensureCopies(kube, input)
    if (!live) return kube.create(DEPLOYMENTS, deploymentOf(input), { fieldManager: FIELD_MANAGER.objects })
    const patch = growth(live, input)
    return patch && kube.mergePatch(ref, patch, { fieldManager: FIELD_MANAGER.objects })
  })
}

/** Throws when there is no such Deployment, unless it should have no pods anyway. */
export async function scale(kube: Kube, rollout: Rollout, revision: Revision, replicas: number): Promise<void> {
  const ref = refOf(rollout, revision)
  const live = await kube.get<Deployment>(ref)
  if (!live && replicas === 0) return
  if (!live) throw new Error(`Deployment ${ref.name} is gone: it cannot be scaled to ${replicas}`)
  refuseForeign(live, rollout)
  if (live.spec.replicas === replicas) return
  await kube.mergePatch(ref, { spec: { replicas } }, { fieldManager: FIELD_MANAGER.objects })
}

/** Throws when the revision still has replicas: they would die with it. */
export async function remove(kube: Kube, rollout: Rollout, revision: Revision): Promise<void> {
  const ref = refOf(rollout, revision)
  const live = await kube.get<Deployment>(ref)
  if (!live) return
  refuseForeign(live, rollout)
  if (live.spec.replicas !== 0) throw new Error(`Deployment ${ref.name} still has ${live.spec.replicas} replicas`)
  await kube.delete(ref, { propagation: 'Background', ...(live.metadata.uid ? { uid: live.metadata.uid } : {}) })
}

/** Ready pods are counted from the pods themselves: a Deployment's status comes later. */
export async function revisions(
  kube: Kube,
  { namespace, name }: { namespace: string; name: string },
): Promise<RevisionState[]> {
  const selector = { namespace, labelSelector: `${LABEL.rollout}=${name}` }
  const [deployments, pods] = await Promise.all([
    kube.list<Deployment>(DEPLOYMENTS, selector),
    kube.list<Pod>(PODS, selector),
  ])
  const ready = pods.items.filter(isReady)
  return deployments.items.flatMap(({ metadata, spec }) => {
    const revision = metadata.labels?.[LABEL.revision]
    if (revision === undefined || metadata.deletionTimestamp !== undefined) return []
    const restartedAt = spec.template.metadata?.annotations?.[RESTARTED_AT]
    return {
      revision,
      replicas: spec.replicas ?? 1,
      ready: ready.filter((pod) => pod.metadata.labels?.[LABEL.revision] === revision).length,
      ...(restartedAt === undefined ? {} : { restartedAt }),
    }
  })
}

export const refOf = (rollout: Rollout, revision: Revision): Ref => ({
  resource: DEPLOYMENTS,
  namespace: namespaceOf(rollout),
  name: revisionObject(rollout.metadata.name, revision),
})

function refuseForeign(live: Deployment, rollout: Rollout): void {
  const { name, deletionTimestamp } = live.metadata
  if (deletionTimestamp !== undefined) throw new Error(`Deployment ${name} is being deleted; waiting until it is gone`)
  if (isOurs(live, rollout)) return
  throw foreignObject(`Deployment ${name} exists and is not of Rollout ${rollout.metadata.name}; rename or delete it`)
}
