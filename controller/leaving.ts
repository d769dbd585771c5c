import { NAMESPACES } from '../crds/resources.ts'
import type { Kube, KubeObject } from '../kube/index.ts'
import { dropFinalizer, isToBeHandedBack } from '../workload/adoption-finalizer.ts'
import type { View } from './judgement.ts'

/** A deleted Rollout that is still there because it has to be handed back first. */
export const isLeaving = ({ rollout }: View): boolean =>
  rollout.metadata.deletionTimestamp !== undefined && isToBeHandedBack(rollout)

/**
 * Nothing is to be handed back where the namespace goes, or the workload: then nothing of ours holds the Rollout. True
 * when it was let go.
 */
export async function letGo(kube: Pick<Kube, 'get' | 'mergePatch'>, view: View): Promise<boolean> {
  if (!isWorkloadGoing(view) && !(await isNamespaceGoing(kube, view))) return false
  await dropFinalizer(kube, view.rollout)
  return true
}

function isWorkloadGoing({ rollout, adopted }: View): boolean {
  if (!rollout.spec.workloadRef) return false
  return adopted.deployment === undefined || adopted.deployment.metadata.deletionTimestamp !== undefined
}

async function isNamespaceGoing(kube: Pick<Kube, 'get'>, { rollout }: View): Promise<boolean> {
  const found = await kube.get<KubeObject>({ resource: NAMESPACES, name: rollout.metadata.namespace ?? '' })
  return found === undefined || found.metadata.deletionTimestamp !== undefined
}
