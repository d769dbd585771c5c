import { LABEL } from '../../crds/names.ts'
import { SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { Kube, KubeObject, Ref } from '../../kube/index.ts'
import type { RouteRecord, RouteTarget } from '../router.ts'
import { original, revisionsIn, weightsOf, type RouteDestination, type Weights } from './destinations.ts'
import { hostsOf, type Hosts } from './hosts.ts'
import { mergeRecords, readRecord, restOf } from './record.ts'
import { destinationsOf, unfit, type VirtualService } from './virtual-service.ts'

/** One adopted VirtualService as it stands. */
export type RouteObject = {
  ref: Ref
  /** Undefined when it is gone. */
  live: VirtualService | undefined
  record: RouteRecord | undefined
  /** Named routes that carry us. */
  routes: NamedRoute[]
  /** What stands in the way of writing all of them, in sentences. */
  missing: string[]
}

export type NamedRoute = {
  name: string
  list: RouteDestination[]
  /** The list as the user means it. */
  original: RouteDestination[]
  atRest: boolean
  /** Percent per revision; the apex counts for stable. */
  weights: Weights
}

export type Routes = { objects: RouteObject[]; hosts: Hosts; record: RouteRecord | undefined }

export async function readRoutes(kube: Kube, target: RouteTarget): Promise<Routes> {
  const hosts = hostsOf(target)
  const found = await Promise.all(
    target.router.istio.virtualServices.map(async ({ name, routes }) => {
      const ref = { resource: VIRTUAL_SERVICES, namespace: target.namespace, name }
      return { ref, routes, live: await kube.get<VirtualService>(ref) }
    }),
  )
  const records = found.map(({ live }) => live && readRecord(live, target))
  const record = mergeRecords(records)
  const objects = found.map(({ ref, routes, live }, index) => {
    if (!live) return { ref, live, record: undefined, routes: [], missing: [`VirtualService ${ref.name} is gone`] }
    const own = records[index]
    const missing = routes.flatMap((route) => unfit(live, route, hosts) ?? [])
    const fit = routes.filter((route) => unfit(live, route, hosts) === undefined)
    return {
      ref,
      live,
      record: own,
      missing,
      routes: fit.map((name) => namedRoute(name, live, own, record?.stable, hosts)),
    }
  })
  return { objects, hosts, record }
}

function namedRoute(
  name: string,
  live: VirtualService,
  record: RouteRecord | undefined,
  stable: Revision | undefined,
  hosts: Hosts,
): NamedRoute {
  const list = destinationsOf(live, name)
  const rest = restOf(record, live, name)
  const written = record?.weights && rest && { rest, weights: record.weights, stable: record.stable }
  return {
    name,
    list,
    original: original(list, written, hosts),
    atRest: revisionsIn(list, hosts).length === 0,
    weights: weightsOf(list, stable, hosts) ?? {},
  }
}

/** The largest percentage that any route gives to each revision; where all agree, simply that. */
export function weightsOn({ objects }: Routes): Weights {
  const most: Weights = {}
  for (const { weights } of objects.flatMap((object) => object.routes)) {
    for (const [revision, weight] of Object.entries(weights)) most[revision] = Math.max(most[revision] ?? 0, weight)
  }
  return most
}

/** Whom the apex Service selects; undefined when it is gone or does not say. */
export async function apexRevision(
  kube: Kube,
  { namespace, name, service }: RouteTarget,
): Promise<Revision | undefined> {
  const ref = { resource: SERVICES, namespace, name: service.name }
  const selector = (await kube.get<KubeObject & { spec?: { selector?: Record<string, string> } }>(ref))?.spec?.selector
  return selector?.[LABEL.rollout] === name ? selector[LABEL.revision] : undefined
}
