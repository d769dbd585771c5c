import { API_VERSION, LABEL } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { KubeObject, OwnerReference } from '../kube/index.ts'

/** Selects the pods of one revision; never changes, because a Deployment's selector cannot. */
export const podLabels = (rollout: string, revision: Revision): Record<string, string> => ({
  [LABEL.rollout]: rollout,
  [LABEL.revision]: revision,
})

export const selectorText = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

/** `template` form: deleting the Rollout deletes the workload, as with a Deployment. */
export function ownerOf({ metadata }: Rollout): OwnerReference {
  if (!metadata.uid) throw new Error(`Rollout ${metadata.name} has no uid: it was not read from an API server`)
  return { apiVersion: API_VERSION, kind: 'Rollout', name: metadata.name, uid: metadata.uid }
}

export function namespaceOf({ metadata }: Rollout): string {
  if (!metadata.namespace)
    throw new Error(`Rollout ${metadata.name} has no namespace: it was not read from an API server`)
  return metadata.namespace
}

/** Made by an engine for a Rollout of this name, be it an earlier one that left its objects behind. */
export const isOurs = ({ metadata: { labels } }: KubeObject, rollout: Rollout): boolean =>
  labels?.[LABEL.managedBy] === MANAGED_BY && labels[LABEL.rollout] === rollout.metadata.name

export const MANAGED_BY = 'sluice'

/** The owner this object should name and does not; objects of an earlier Rollout of the same name are rescued by it. */
export function missingOwner({ metadata }: KubeObject, owner: OwnerReference): { ownerReferences?: OwnerReference[] } {
  const owners = metadata.ownerReferences ?? []
  if (owners.some(({ uid }) => uid === owner.uid)) return {}
  const others = owners.filter(({ apiVersion, kind }) => apiVersion !== owner.apiVersion || kind !== owner.kind)
  return { ownerReferences: [...others, owner] }
}
