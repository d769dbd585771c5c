import type { KubeObject } from '../../kube/index.ts'
import type { Revision } from '../../crds/traffic.ts'
import { withoutRevision, type RouteDestination } from './destinations.ts'
import type { Hosts } from './hosts.ts'

export type VirtualService = KubeObject & { spec: { http?: HttpRoute[] } & Record<string, unknown> }
export type HttpRoute = { name?: string; route?: RouteDestination[] } & Record<string, unknown>

/** What stands in the way of writing a named route, as a sentence; undefined when it is fit. */
export function unfit(virtualService: VirtualService, route: string, hosts: Hosts): string | undefined {
  const name = `VirtualService ${virtualService.metadata.name}`
  const found = (virtualService.spec.http ?? []).filter((candidate) => candidate.name === route)
  if (found.length === 0) return `${name} has no http route named ${route}`
  if (found.length > 1) return `${name} has ${found.length} http routes named ${route}: names must be unique`
  const ours = found[0]?.route?.some(({ destination }) => hosts.ownerOf(destination).kind !== 'foreign') ?? false
  return ours ? undefined : `route ${route} of ${name} has no destination ${hosts.apex} without subset`
}

export const destinationsOf = (virtualService: VirtualService, route: string): RouteDestination[] =>
  virtualService.spec.http?.find((candidate) => candidate.name === route)?.route ?? []

export type Rewrite = {
  /** New destination lists by route name. */
  lists: Record<string, RouteDestination[]>
  /** Revisions that may stand nowhere any more, not even in a route that is not ours. */
  withdrawn: Revision[]
  hosts: Hosts
}

/** `spec.http` with new destinations; every other field, and every route without our hosts, is the same object as before. */
export function rewrite(virtualService: VirtualService, { lists, withdrawn, hosts }: Rewrite): HttpRoute[] {
  return (virtualService.spec.http ?? []).map((route) => {
    const list = route.name === undefined ? undefined : lists[route.name]
    if (list) return { ...route, route: list }
    if (!route.route) return route
    const cleaned = withdrawn.reduce((kept, revision) => withoutRevision(kept, revision, hosts), route.route)
    return { ...route, route: cleaned }
  })
}
