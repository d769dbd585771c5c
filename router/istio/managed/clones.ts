import type { AdoptedRoute } from '../../../crds/adopted-routes.ts'
import type { Hosts } from '../../../crds/hosts.ts'
import type { Aside, Fault, Revision } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'
import { split, withHost, type RouteDestination, type Weights } from '../destinations.ts'
import type { HttpRoute } from '../virtual-service.ts'
import { choicesOf, type Choice } from './affinity.ts'
import { narrowed, withCookie, type Match } from './matches.ts'
import { AMONG, type Clone } from './naming.ts'
import { givingCookie } from './set-cookie.ts'

export type Base = {
  at: AdoptedRoute
  /** The user's route with the destinations of this write. */
  route: HttpRoute
  /** Its destinations as the user means them. */
  original: RouteDestination[]
}

export type AsideWrite = { aside: Aside; weights: Weights; stable: Revision; canary: Revision; hosts: Hosts }

/**
 * Clones of a route that stand before it, first match first: the cohort, then who was given a revision already, then who
 * is to be given one, then what is mirrored. All that the user says of the route (uri, rewrite, timeout, retries, CORS,
 * headers) holds for them. Throws `Unroutable` with a sentence.
 */
export function clonesOf(base: Base, write: AsideWrite): Clone[] {
  const { match, mirror, affinity, among } = write.aside
  refuseUnlessHttp(base.at)
  // Whoever is given a revision by cookie alone is everybody: nothing is left for a clone of the route as it is.
  const rest = mirror && (among || !affinity) ? [{ purpose: 'mirror', route: base.route }] : []
  return [...(match ? [cohort(base, match, write)] : []), ...mirrored([...given(base, write), ...rest], write)]
}

function refuseUnlessHttp({ section, key }: AdoptedRoute): void {
  if (section === 'http') return
  const words = `the ${key} carries no HTTP that could be looked into: it has weights only, no cohort, mirror, preview or affinity`
  throw routeError('Unroutable', words)
}

/** The route to the side host alone: a cohort or a preview meets no destination of somebody else. */
export function toSide({ route, original }: Omit<Base, 'at'>, canary: Revision, hosts: Hosts): HttpRoute {
  const own = original.filter(({ destination }) => hosts.ownerOf(destination).kind === 'apex')
  const [first] = own
  if (own.length > 1) return { ...route, route: own.map((entry) => withHost(entry, hosts.side(canary))) }
  const { weight: _, ...alone } = first!
  return { ...route, route: [withHost(alone, hosts.side(canary))] }
}

function cohort(base: Base, entries: NonNullable<Aside['match']>, { aside, canary, hosts }: AsideWrite): Clone {
  const match = narrowed(base.route.match as Match[] | undefined, entries)
  const fault = aside.fault && { fault: { ...(base.route.fault as object | undefined), ...faultOf(aside.fault) } }
  return { purpose: 'match', route: { ...toSide(base, canary, hosts), match, ...fault } }
}

function faultOf({ percent, delayMs, abort }: Fault): object {
  const percentage = { value: percent }
  if (delayMs !== undefined) return { delay: { percentage, fixedDelay: `${delayMs / 1_000}s` } }
  return { abort: { percentage, httpStatus: abort } }
}

/** Routes of those whose weights are not the route's own: by cookie, by cohort, or both. */
function given({ route, original }: Base, { aside, weights, stable, canary, hosts }: AsideWrite): Clone[] {
  const { affinity, among } = aside
  const choices: Choice[] = affinity ? choicesOf(affinity, { stable, canary }) : among ? [{ name: '', weights }] : []
  return choices.map(({ name, carries, weights: parts, gives }) => {
    const only = affinity && carries !== undefined ? withCookie(among, affinity.cookie, carries) : among
    const list = split(original, parts, stable, hosts)
    return {
      // Weights are read back from the one that everybody meets who was given nothing yet.
      purpose: among && carries === undefined ? AMONG : name,
      route: {
        ...route,
        ...(only ? { match: narrowed(route.match as Match[] | undefined, only) } : {}),
        route: affinity && gives ? givingCookie({ route, list, hosts }, affinity, gives) : list,
      },
    }
  })
}

type Mirroring = { mirror?: unknown; mirrorPercentage?: unknown; mirrorPercent?: number; mirrors?: unknown[] }

/** Istio takes either `mirror` or `mirrors`: what the user mirrors is said in the newer words. */
function mirrored(clones: Clone[], { aside, canary, hosts }: AsideWrite): Clone[] {
  const { mirror } = aside
  if (!mirror) return clones
  return clones.map(({ purpose, route }) => {
    const { mirror: single, mirrorPercentage, mirrorPercent, mirrors = [], ...rest } = route as HttpRoute & Mirroring
    const share = mirrorPercentage ?? (mirrorPercent === undefined ? undefined : { value: mirrorPercent })
    const theirs = single ? [{ destination: single, ...(share ? { percentage: share } : {}) }] : mirrors
    const [own] = (route.route ?? []).filter(({ destination }) => hosts.ownerOf(destination).kind !== 'foreign')
    const { subset: _, ...destination } = { ...own!.destination, host: hosts.side(canary) }
    return {
      purpose,
      route: { ...rest, mirrors: [...theirs, { destination, percentage: { value: mirror.percent } }] },
    }
  })
}
