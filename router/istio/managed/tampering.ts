import { isDeepStrictEqual } from 'node:util'
import type { Hosts } from '../../../crds/hosts.ts'
import { parseFence, type Aside, type Revision } from '../../../crds/traffic.ts'
import type { RouteRecord } from '../../router.ts'
import { weightOf } from '../destinations.ts'
import { planTraffic, type Present } from '../plan.ts'
import type { HttpRoute } from '../virtual-service.ts'
import { isManaged } from './naming.ts'

export type Tampering = 'towardsStable' | 'beside'

/**
 * What somebody did to routes of our own since they were written with `aside`; undefined when nobody did, and where that is
 * not what was written last. An edit that gives the canary less is one towards stable, any other is `beside`.
 */
export function tampering(object: Present, record: RouteRecord, aside: Aside): Tampering | undefined {
  const wanted = wantedOn(object, record, aside)
  if (!wanted) return undefined
  const found = object.live.spec.http ?? []
  const { canary } = { ...record, ...aside }
  const pairs = wanted
    .filter((route) => isManaged(route, object.prefix))
    .map((route) => [found.find(({ name }) => name === route.name) ?? {}, route] as const)
  const isLess = ([live, route]: (typeof pairs)[number]): boolean =>
    canary !== undefined && shareOf(live, canary, object.hosts) < shareOf(route, canary, object.hosts)
  if (pairs.some(isLess)) return 'towardsStable'
  return isInOrder(found, wanted) && pairs.every(([live, route]) => isAlike(live, route)) ? undefined : 'beside'
}

/** What another write of the same would make. */
function wantedOn(object: Present, record: RouteRecord, aside: Aside): HttpRoute[] | undefined {
  const { weights, stable, managed, fence } = record
  if (!managed || !weights) return undefined
  const write = { weights, stable, apex: stable, commits: false, before: record, fence: parseFence(fence), aside }
  try {
    const plan = planTraffic(object, write)
    return isDeepStrictEqual(plan.record?.managed, managed) ? plan.sections.http : undefined
  } catch (error) {
    // What the user says now cannot be said of our routes any more: the next write tells so.
    if (error instanceof Error && error.name === 'Unroutable') return undefined
    throw error
  }
}

const isInOrder = (found: HttpRoute[], wanted: HttpRoute[]): boolean =>
  isDeepStrictEqual(
    found.map(({ name }) => name),
    wanted.map(({ name }) => name),
  )

/** Who gets what. The rest is the user's, and an admission webhook may write it in other words. */
export const isAlike = (found: HttpRoute, wanted: HttpRoute): boolean =>
  isDeepStrictEqual(essence(found), essence(wanted))

const essence = ({ match, route, mirrors, fault }: HttpRoute): unknown =>
  JSON.parse(JSON.stringify({ match, route, mirrors, fault }))

/** Percent of the canary by whichever host. */
function shareOf({ route: list = [] }: HttpRoute, canary: Revision, hosts: Hosts): number {
  const total = list.reduce((sum, entry) => sum + weightOf(entry, list), 0)
  const own = list.filter(({ destination }) => [hosts.of(canary), hosts.side(canary)].includes(destination.host))
  return total === 0 ? 0 : (100 * own.reduce((sum, entry) => sum + weightOf(entry, list), 0)) / total
}
