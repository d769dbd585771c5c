import type { Revision } from '../../crds/traffic.ts'
import { SECTIONS, type AdoptedRoute, type Section } from '../../crds/adopted-routes.ts'
import type { Hosts } from '../../crds/hosts.ts'
import type { KubeObject } from '../../kube/index.ts'
import { isManaged } from './managed/naming.ts'
import { withoutRevision, type RouteDestination } from './destinations.ts'

/** Routes by weight, of all three kinds; a kind that the user does not have is absent. */
export type Sections = { [S in Section]?: AnyRoute[] }
export type VirtualService = KubeObject & { spec: Sections & Record<string, unknown> }
export type AnyRoute = { name?: string; route?: RouteDestination[] } & Record<string, unknown>
export type HttpRoute = AnyRoute

export const sectionsOf = ({ spec }: VirtualService): Sections =>
  Object.fromEntries(SECTIONS.flatMap((section) => (spec[section] ? [[section, spec[section]]] : [])))

export const destinationsAt = ({ spec }: VirtualService, { section, index }: AdoptedRoute): RouteDestination[] =>
  spec[section]?.[index]?.route ?? []

export type Rewrite = {
  /** New destination lists, the routes that they are for, and the routes of our own that stand before those. */
  lists: { at: AdoptedRoute; list: RouteDestination[]; managed: HttpRoute[] }[]
  /** Revisions that may stand nowhere any more, not even in a route that is not ours. */
  withdrawn: Revision[]
  hosts: Hosts
  /** Of the names of our own routes: those that are not given anew are gone. */
  prefix: string
}

/** The routes with new destinations; every other field, and every route without our hosts, is the same object as before. */
export function rewrite(virtualService: VirtualService, { lists, withdrawn, hosts, prefix }: Rewrite): Sections {
  const sections = Object.entries(sectionsOf(virtualService)) as [Section, AnyRoute[]][]
  return Object.fromEntries(
    sections.map(([section, routes]) => [
      section,
      routes.flatMap((route, index) => {
        if (isManaged(route, prefix)) return []
        const found = lists.find(({ at }) => at.section === section && at.index === index)
        if (found) return [...found.managed, { ...route, route: found.list }]
        if (!route.route) return route
        const cleaned = withdrawn.reduce((kept, revision) => withoutRevision(kept, revision, hosts), route.route)
        return { ...route, route: cleaned }
      }),
    ]),
  )
}
