import { FIELD_MANAGER, LABEL } from '../crds/names.ts'
import { DEPLOYMENTS, PODS, SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { isForbidden, isNotFound, type Kube, type KubeObject, type Resource } from '../kube/index.ts'
import { readApex } from './adoption-apex.ts'
import { CONFIG_RESOURCES } from './config-reading.ts'
import { isOurs, namespaceOf } from './identity.ts'
import type { Pod } from './objects.ts'

/**
 * What the engine made leaves; the pods of `keep` and their configs stay, and so does an apex that the engine made: they
 * are nobody's any more.
 */
export async function dissolve(kube: Kube, rollout: Rollout, keep: Revision | undefined): Promise<void> {
  const { ConfigMap: maps, Secret: secrets } = CONFIG_RESOURCES
  // Configs before those who read them: whoever begins again still knows by the Deployment which revision stays.
  for (const resource of [SERVICES, maps, secrets, DEPLOYMENTS]) {
    for (const object of await ownObjects(kube, rollout, resource)) {
      const { namespace = '', name, uid } = object.metadata
      const revision = object.metadata.labels?.[LABEL.revision]
      const isKept = revision === undefined || (revision === keep && resource !== SERVICES)
      if (isKept) await free(kube, resource, object)
      else await kube.delete({ resource, namespace, name }, { propagation: 'Background', ...(uid ? { uid } : {}) })
    }
  }
}

/**
 * The apex selects no pod of this revision (of any, where none is named) any more, though its selector reads as in Git:
 * they lose the labels that it asks for. What holds them are labels of ours alone, so that nothing starts others in their
 * place.
 */
export async function unselect(kube: Kube, rollout: Rollout, revision?: Revision): Promise<void> {
  const asked = Object.keys((await readApex(kube, rollout))?.spec.selector ?? {}).filter((key) => !HOLDING.has(key))
  const labels = Object.fromEntries(asked.map((key) => [key, null]))
  const { items } = await kube.list<Pod>(PODS, {
    namespace: namespaceOf(rollout),
    labelSelector: `${LABEL.rollout}=${rollout.metadata.name},${LABEL.revision}${revision === undefined ? '' : `=${revision}`}`,
  })
  for (const { metadata } of items) {
    if (!asked.some((key) => metadata.labels?.[key] !== undefined)) continue
    const ref = { resource: PODS, namespace: namespaceOf(rollout), name: metadata.name }
    try {
      await kube.mergePatch(ref, { metadata: { labels } }, { fieldManager: FIELD_MANAGER.objects })
    } catch (error) {
      // Gone by itself meanwhile.
      if (!isNotFound(error)) throw error
    }
  }
}

/** By these a ReplicaSet knows its pods. */
const HOLDING = new Set<string>([LABEL.rollout, LABEL.revision, 'pod-template-hash'])

async function ownObjects(kube: Kube, rollout: Rollout, resource: Resource): Promise<KubeObject[]> {
  const selector = { namespace: namespaceOf(rollout), labelSelector: `${LABEL.rollout}=${rollout.metadata.name}` }
  try {
    const { items } = await kube.list<KubeObject>(resource, selector)
    return items.filter((object) => isOurs(object, rollout))
  } catch (error) {
    // Without the right to read Secrets none of them was copied.
    if (resource === CONFIG_RESOURCES.Secret && isForbidden(error)) return []
    throw error
  }
}

/** Nothing takes it along any more, and a later Rollout of this name does not take it for its own. */
async function free(kube: Kube, resource: Resource, { metadata }: KubeObject): Promise<void> {
  const { namespace = '', name, ownerReferences = [] } = metadata
  const labels = { [LABEL.rollout]: null, [LABEL.revision]: null, [LABEL.managedBy]: null }
  const owners = ownerReferences.filter(({ kind }) => kind !== 'Rollout' && kind !== 'Deployment')
  await kube.mergePatch({ resource, namespace, name }, { metadata: { labels, ownerReferences: owners } })
}
