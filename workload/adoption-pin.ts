import { PIN } from '../crds/names.ts'
import { PIN_BINDINGS, PIN_POLICIES } from '../crds/resources.ts'
import { isForbidden, isNotFound, type Kube } from '../kube/index.ts'

/** deploy/components/pin is installed: the API server keeps what other writers would change of an adopted workload. */
export async function isPinned(kube: Pick<Kube, 'get'>): Promise<boolean> {
  try {
    const found = await Promise.all([PIN_POLICIES, PIN_BINDINGS].map((resource) => kube.get({ resource, name: PIN })))
    return found.every((object) => object !== undefined)
  } catch (error) {
    // The right to look comes with the component; an older API server does not know the kind.
    if (isForbidden(error) || isNotFound(error)) return false
    throw error
  }
}
