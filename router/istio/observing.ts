import type { Aside } from '../../crds/traffic.ts'
import type { Kube, KubeObject } from '../../kube/index.ts'
import type { Observed, RouteRecord, RouteTarget } from '../router.ts'
import type { Weights } from './destinations.ts'
import { lossOfPreview } from './managed/preview.ts'
import { tampering } from './managed/tampering.ts'
import { isDrifted } from './owned.ts'
import { otherManager } from './ownership.ts'
import { isPresent } from './plan.ts'
import { readRoutes, weightsOn, type RouteObject } from './routes.ts'

/** See `Router.observe`. Where several routes disagree, a revision's weight is the largest that any of them gives. */
export async function observe(kube: Kube, target: RouteTarget, aside?: Aside): Promise<Observed> {
  const routes = await readRoutes(kube, target)
  const { objects, record } = routes
  const foreign = objects.map((object) => foreignEdit(object, record, aside)).find((edit) => edit !== undefined)
  const unrecorded = record ? undefined : objects.find(({ live }) => live)?.live
  const preview = await lossOfPreview(kube, target, routes)
  return {
    found: objects.every((object) => object.missing.length === 0),
    atRest: objects.every(isAtRest) && record?.preview === undefined,
    weights: weightsOn(routes),
    ...(record ? { record } : {}),
    ...(foreign ? { foreign } : {}),
    ...(unrecorded ? { replacedBy: managerOf(unrecorded) } : {}),
    ...(preview === undefined ? {} : { preview }),
    ...(objects.some(({ live }) => isDrifted(target, live)) ? { drifted: true as const } : {}),
  }
}

const isAtRest = ({ routes, managed }: RouteObject): boolean =>
  managed.length === 0 && routes.every((route) => route.atRest)

/**
 * Compared by weights with what our record says was written; at rest nobody's edit is foreign. `merged` is that of all
 * objects: one that alone has none was replaced.
 */
function foreignEdit(
  object: RouteObject,
  merged: RouteRecord | undefined,
  aside: Aside | undefined,
): Observed['foreign'] {
  const { routes, managed, missing } = object
  const record = object.record ?? merged
  if (!isPresent(object) || !record?.weights) return undefined
  const manager = managerOf(object.live)
  if (missing.length > 0) return { direction: 'gone', manager }
  if (!object.record) return { direction: isAtRest(object) ? 'towardsStable' : 'towardsCanary', manager }
  if (record.managed?.some((name) => !managed.includes(name))) return { direction: 'towardsStable', manager }
  for (const route of routes) {
    const direction = directionOf(route.weights, record, record.weights)
    if (direction) return { direction, manager }
  }
  const direction = aside && tampering(object, record, aside)
  return direction && { direction, manager }
}

const managerOf = (object: KubeObject): string => otherManager(object) ?? 'unknown'

function directionOf(
  found: Weights,
  { stable }: RouteRecord,
  written: Weights,
): 'towardsStable' | 'towardsCanary' | undefined {
  if (Object.keys(found).length === 0) return undefined
  const change = (found[stable] ?? 0) - (written[stable] ?? 0)
  if (change === 0) return undefined
  return change > 0 ? 'towardsStable' : 'towardsCanary'
}
