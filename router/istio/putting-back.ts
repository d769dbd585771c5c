import { isDeepStrictEqual } from 'node:util'
import { managedRoutePrefix, routeAnnotation } from '../../crds/names.ts'
import { describeError, type Kube } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'
import type { Present } from './plan.ts'
import { objectName } from './routes.ts'
import { sectionsOf, type AnyRoute, type Sections, type VirtualService } from './virtual-service.ts'

/** Route objects as they were before a write, and the routes it was about to write. */
export type Journal = Map<string, Journalled>
type Journalled = { before: Present; wrote: Sections }

type PuttingBack = { kube: Kube; target: RouteTarget; fieldManager: string }

/**
 * Several route objects move together or not at all. What somebody else has written since is left alone. Throws when one
 * cannot be put back; the error's `cause` is what began it.
 */
export async function putBack(
  { kube, target, fieldManager }: PuttingBack,
  journal: Journal,
  cause: unknown,
): Promise<void> {
  const key = routeAnnotation(target.namespace, target.name)
  for (const { before, wrote } of [...journal.values()].reverse()) {
    const { ref } = before
    try {
      const live = await kube.get<VirtualService>(ref)
      const spec = live && asBefore(live, before, wrote, managedRoutePrefix(target.namespace, target.name))
      if (!spec) continue
      const metadata = {
        resourceVersion: live.metadata.resourceVersion,
        annotations: { [key]: before.live.metadata.annotations?.[key] ?? null },
      }
      await kube.mergePatch(ref, { metadata, spec }, { fieldManager })
    } catch (error) {
      const words = `${objectName(ref, target)} could not be put back: ${describeError(error)}`
      throw routeError('PutBackFailed', words, cause)
    }
  }
}

/** Undefined where nothing of what was written is there any more. */
function asBefore(live: VirtualService, { live: before }: Present, wrote: Sections, prefix: string) {
  const differing = Object.entries(sectionsOf(live)).flatMap(([section, now]) => {
    const kind = section as keyof Sections
    const [then, written] = [before.spec[kind] ?? [], wrote[kind] ?? []]
    const back = isDeepStrictEqual(now, written) ? then : besideOthers(now, then, written, prefix)
    return isDeepStrictEqual(now, back) ? [] : [[section, back]]
  })
  return differing.length === 0 ? undefined : (Object.fromEntries(differing) as Sections)
}

/** Another Rollout has written its routes of the same object meanwhile: only ours go back. */
function besideOthers(now: AnyRoute[], then: AnyRoute[], written: AnyRoute[], prefix: string): AnyRoute[] {
  const isManaged = ({ name }: AnyRoute): boolean => name?.startsWith(prefix) ?? false
  const after = written.filter((route) => !isManaged(route))
  const places = then.flatMap((route, index) => (isManaged(route) ? [] : index))
  return now
    .filter((route) => !isManaged(route))
    .flatMap<AnyRoute>((route) => {
      const at = places[after.findIndex((one) => isDeepStrictEqual(one, route))]
      return at === undefined ? route : [...managedBefore(then, at, isManaged), then[at]!]
    })
}

/** Managed routes stand right before the route that they are made from. */
function managedBefore(routes: AnyRoute[], at: number, isManaged: (route: AnyRoute) => boolean): AnyRoute[] {
  const begin = routes.slice(0, at).findLastIndex((route) => !isManaged(route)) + 1
  return routes.slice(begin, at)
}
