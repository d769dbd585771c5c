import { adoptionOf, type AdoptedRoute } from '../../crds/adopted-routes.ts'
import { hostsOf, type Hosts } from '../../crds/hosts.ts'
import { LABEL, managedRoutePrefix } from '../../crds/names.ts'
import { SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { Kube, KubeObject, Ref } from '../../kube/index.ts'
import type { RouteRecord, RouteTarget } from '../router.ts'
import { original, revisionsIn, weightsOf, type RouteDestination, type Weights } from './destinations.ts'
import { amongRoute, managedNames } from './managed/naming.ts'
import { adoptedBy } from './owned.ts'
import { mergeRecords, readRecord, restOf } from './record.ts'
import { destinationsAt, type VirtualService } from './virtual-service.ts'

/** One adopted VirtualService as it stands. */
export type RouteObject = {
  ref: Ref
  /** Undefined when it is gone. */
  live: VirtualService | undefined
  record: RouteRecord | undefined
  /** Hosts as this object reads them: short names are of its own namespace. */
  hosts: Hosts
  /** Named routes that carry us. */
  routes: NamedRoute[]
  /** Names of routes of our own, and what they begin with. */
  managed: string[]
  prefix: string
  /** What stands in the way of writing all of them, in sentences. */
  missing: string[]
}

export type NamedRoute = AdoptedRoute & {
  list: RouteDestination[]
  /** The list as the user means it. */
  original: RouteDestination[]
  atRest: boolean
  /** Percent per revision, of those requests that are divided; the apex counts for stable. */
  weights: Weights
}

export type Routes = { objects: RouteObject[]; record: RouteRecord | undefined }

type Adopted = RouteTarget['router']['istio']['virtualServices'][number]
type Found = { adopted: Adopted; ref: Ref; live: VirtualService | undefined }

export async function readRoutes(kube: Kube, target: RouteTarget): Promise<Routes> {
  const found = await Promise.all(
    adoptedBy(target).map(async (adopted): Promise<Found> => {
      const ref = {
        resource: VIRTUAL_SERVICES,
        namespace: adopted.namespace ?? target.namespace,
        name: adopted.name,
      }
      return { adopted, ref, live: await kube.get<VirtualService>(ref) }
    }),
  )
  const records = found.map(({ live }) => live && readRecord(live, target))
  const record = mergeRecords(records)
  return { record, objects: found.map((one, index) => routeObject(target, one, records[index], record?.stable)) }
}

/** A VirtualService in words: with its namespace where that is not the Rollout's. */
export const objectName = ({ namespace, name }: Ref, target: RouteTarget): string =>
  `VirtualService ${namespace === target.namespace ? '' : `${namespace}/`}${name}`

function routeObject(
  target: RouteTarget,
  { adopted, ref, live }: Found,
  record: RouteRecord | undefined,
  stable: Revision | undefined,
): RouteObject {
  const hosts = hostsOf(target, ref.namespace)
  const prefix = managedRoutePrefix(target.namespace, target.name)
  if (!live) {
    const missing = [`${objectName(ref, target)} is gone`]
    return { ref, live, record: undefined, hosts, routes: [], managed: [], prefix, missing }
  }
  const { routes, problems } = adoptionOf({
    adopted,
    spec: live.spec,
    hosts,
    elsewhere: ref.namespace === target.namespace ? undefined : ref.namespace,
    isManaged: (name) => name.startsWith(prefix),
  })
  const named = routes.map((at) => namedRoute(at, live, { record, stable, hosts, prefix }))
  const managed = managedNames(live.spec.http, prefix)
  return { ref, live, record, hosts, routes: named, managed, prefix, missing: problems }
}

type Known = { record: RouteRecord | undefined; stable: Revision | undefined; hosts: Hosts; prefix: string }

function namedRoute(at: AdoptedRoute, live: VirtualService, { record, stable, hosts, prefix }: Known): NamedRoute {
  const list = destinationsAt(live, at)
  const rest = restOf(record, live, at.key)
  const among = amongRoute(prefix, at.key)
  const carrier = live.spec.http?.find((route) => route.name === among)
  const weights = record?.managed?.includes(among) ? { [record.stable]: 100 } : record?.weights
  const written = record && weights && rest && { rest, weights, stable: record.stable }
  return {
    ...at,
    list,
    original: original(list, written, hosts),
    atRest: revisionsIn(list, hosts).length === 0,
    weights: weightsOf(carrier?.route ?? list, stable, hosts) ?? {},
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
  // A Service of the user's has one key of ours only.
  const rollout = selector?.[LABEL.rollout] ?? name
  return rollout === name ? selector?.[LABEL.revision] : undefined
}
