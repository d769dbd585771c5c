import { FIELD_MANAGER, routeAnnotation } from '../../crds/names.ts'
import { isConflict, type Kube } from '../../kube/index.ts'
import type { RouteTarget } from '../router.ts'
import { readRoutes } from './routes.ts'

const ATTEMPTS = 8

/** See `Router.forget`. */
export async function forget(kube: Kube, target: RouteTarget): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await forgetOnce(kube, target)
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}

async function forgetOnce(kube: Kube, target: RouteTarget): Promise<void> {
  const key = routeAnnotation(target.namespace, target.name)
  const { objects } = await readRoutes(kube, target)
  for (const { live, ref } of objects) {
    if (live?.metadata.annotations?.[key] === undefined) continue
    const { resourceVersion } = live.metadata
    const metadata = { resourceVersion, annotations: { [key]: null } }
    await kube.mergePatch(ref, { metadata }, { fieldManager: FIELD_MANAGER.objects })
  }
}
