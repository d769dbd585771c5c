import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube, OwnerReference } from '../kube/index.ts'
import { ownerOf } from './identity.ts'
import { readDeclared } from './sources.ts'

/**
 * Whose the objects of a revision are: the Rollout's in `template` form. With `workloadRef` the declared Deployment's,
 * never the Rollout's, whose foreground deletion would take along what serves. Throws when that Deployment is gone.
 */
export async function ownerFor(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<OwnerReference> {
  const { workloadRef } = rollout.spec
  if (!workloadRef) return ownerOf(rollout)
  const { apiVersion, kind, name } = workloadRef
  const uid = (await readDeclared(kube, rollout))?.metadata.uid
  if (uid === undefined) throw new Error(`${kind} ${name} is gone: nothing can be made for it`)
  return { apiVersion, kind, name, uid }
}
