import { FIELD_MANAGER, routeAnnotation } from '../crds/names.ts'
import { NAMESPACES, VIRTUAL_SERVICES } from '../crds/resources.ts'
import { describeError, type Kube, type KubeObject } from '../kube/index.ts'
import type { Logger } from '../telemetry/index.ts'
import { freeApex } from '../workload/adoption-apex.ts'
import { dropFinalizer, isToBeHandedBack } from '../workload/adoption-finalizer.ts'
import type { View } from './judgement.ts'
import { routeKeys } from './places.ts'
import { noteOf, type VirtualService } from './routes.ts'

type Door = Pick<Kube, 'get' | 'mergePatch'>

/** A deleted Rollout that is still there because it has to be handed back first. */
export const isLeaving = ({ rollout }: View): boolean =>
  rollout.metadata.deletionTimestamp !== undefined && isToBeHandedBack(rollout)

/**
 * Nothing is to be handed back where the namespace goes, or the workload: then nothing of ours holds the Rollout. What is
 * left of it on objects that stay is taken away first, once; whatever keeps us from it keeps nobody else. True when it
 * was let go.
 */
export async function letGo(kube: Door, log: Logger, view: View): Promise<boolean> {
  if (!(await isNamespaceGoing(kube, view))) {
    if (!isWorkloadGoing(view)) return false
    await withdraw(kube, view).catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'marks of the engine are left on the Service or the route'),
    )
  }
  await dropFinalizer(kube, view.rollout)
  return true
}

/** The Service reads as in Git, and no record of ours is on a route at rest: one that is not is still to be put back, by the run. */
async function withdraw(kube: Door, { rollout }: View): Promise<void> {
  const { namespace = '', name } = rollout.metadata
  await freeApex(kube, rollout)
  for (const key of routeKeys(rollout)) {
    const [place = '', route = ''] = key.split('/')
    const ref = { resource: VIRTUAL_SERVICES, namespace: place, name: route }
    const live = await kube.get<VirtualService>(ref)
    if (!live || !noteOf(live, namespace, name)?.atRest) continue
    const annotations = { [routeAnnotation(namespace, name)]: null }
    const { resourceVersion } = live.metadata
    const { objects } = FIELD_MANAGER
    await kube.mergePatch(ref, { metadata: { resourceVersion, annotations } }, { fieldManager: objects })
  }
}

function isWorkloadGoing({ rollout, adopted }: View): boolean {
  if (!rollout.spec.workloadRef) return false
  return adopted.deployment === undefined || adopted.deployment.metadata.deletionTimestamp !== undefined
}

async function isNamespaceGoing(kube: Pick<Kube, 'get'>, { rollout }: View): Promise<boolean> {
  const found = await kube.get<KubeObject>({ resource: NAMESPACES, name: rollout.metadata.namespace ?? '' })
  return found === undefined || found.metadata.deletionTimestamp !== undefined
}
