import { LABEL } from '../crds/names.ts'
import { DEPLOYMENTS, SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { isForbidden, type Kube, type KubeObject, type Resource } from '../kube/index.ts'
import { CONFIG_RESOURCES } from './config-reading.ts'
import { isOurs, namespaceOf } from './identity.ts'

/**
 * What the engine made leaves; the pods of `keep` and their configs stay, and so does an apex that the engine made: they
 * are nobody's any more.
 */
export async function dissolve(kube: Kube, rollout: Rollout, keep: Revision | undefined): Promise<void> {
  const { ConfigMap: maps, Secret: secrets } = CONFIG_RESOURCES
  for (const resource of [SERVICES, DEPLOYMENTS, maps, secrets]) {
    for (const object of await ownObjects(kube, rollout, resource)) {
      const { namespace = '', name, uid } = object.metadata
      const revision = object.metadata.labels?.[LABEL.revision]
      const isKept = revision === undefined || (revision === keep && resource !== SERVICES)
      if (isKept) await free(kube, resource, object)
      else await kube.delete({ resource, namespace, name }, { propagation: 'Background', ...(uid ? { uid } : {}) })
    }
  }
}

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
