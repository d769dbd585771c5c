import { formatFence, type Aside, type Fence, type Revision } from '../../crds/traffic.ts'
import type { RouteRecord } from '../router.ts'
import { revisionsIn, split, type RouteDestination, type Weights } from './destinations.ts'
import { clonesOf } from './managed/clones.ts'
import { named } from './managed/naming.ts'
import { isOfSameRollout, restKey } from './record.ts'
import type { NamedRoute, RouteObject } from './routes.ts'
import { rewrite, type HttpRoute, type Sections, type VirtualService } from './virtual-service.ts'

/** What one route object is to look like. */
export type ObjectPlan = {
  sections: Sections
  /** Undefined only where nobody knows what is stable. */
  record: RouteRecord | undefined
  /** What its routes give to whom then, percent. */
  weights: Weights
}

export type Present = RouteObject & { live: VirtualService }
export const isPresent = (object: RouteObject): object is Present => object.live !== undefined

export type RestWrite = {
  fence: Fence
  /** Of all route objects, before this write. */
  before: RouteRecord | undefined
}

export type TrafficWrite = RestWrite & {
  weights: Weights
  /** After this write. */
  stable: Revision
  /** Another revision than before becomes stable. */
  commits: boolean
  /** Whom a route at rest serves, by the apex. */
  apex: Revision | undefined
  aside?: Aside | undefined
}

/** Revision hosts by weight. A route at rest that serves the one wanted revision already goes on naming the apex. */
export function planTraffic(object: Present, write: TrafficWrite): ObjectPlan {
  const { weights, stable, before, aside } = write
  const own = aside?.among ? { [stable]: 100 } : weights
  const rests = own[stable] === 100 && write.apex === stable && object.routes.every((route) => route.atRest)
  const listOf = (route: NamedRoute) => (rests ? route.list : split(route.original, own, stable, object.hosts))
  if (rests && !aside) return { sections: sectionsFor(object, write, listOf), record: settled(write), weights }
  const canary = aside?.canary ?? Object.keys(weights).find((revision) => revision !== stable) ?? before?.canary
  const clones = asideRoutes(object, { aside, weights, stable, canary }, listOf)
  const managed = [...clones.values()].flat().flatMap(({ name }) => name ?? [])
  const rest = Object.fromEntries(object.routes.map((route) => [restKey(object.live, route.key), route.original]))
  return {
    sections: sectionsFor(object, write, listOf, clones),
    record: {
      ...settled(write),
      ...(canary === undefined || canary === stable ? {} : { canary }),
      weights,
      ...(managed.length === 0 ? {} : { managed }),
      ...(aside?.preview ? { preview: aside.preview.host } : {}),
      rest,
    },
    weights,
  }
}

/** The lists as the user means them. What was aborted stays on record until another release writes. */
export function planRest(object: Present, write: RestWrite): ObjectPlan {
  const { before, fence } = write
  const weights: Weights = before ? { [before.stable]: 100 } : {}
  const sections = sectionsFor(object, { ...write, weights, stable: before?.stable }, (route) => route.original)
  if (!before) return { sections, record: undefined, weights }
  const { canary: _canary, weights: _weights, managed: _managed, preview: _preview, rest: _rest, ...kept } = before
  if (!isOfSameRollout(before, fence)) delete kept.aborted
  return { sections, record: { ...kept, fence: formatFence(fence), release: fence.release }, weights }
}

/** The record of a route at rest after this write. */
function settled({ fence, stable, commits, before }: TrafficWrite): RouteRecord {
  const previous = commits ? before?.stable : before?.previous
  const committed = commits ? fence.release : before?.committed
  return {
    fence: formatFence(fence),
    stable,
    ...(previous === undefined ? {} : { previous }),
    release: fence.release,
    ...(committed === undefined ? {} : { committed }),
    ...(before?.aborted === fence.release && isOfSameRollout(before, fence) ? { aborted: fence.release } : {}),
  }
}

type Clones = Map<NamedRoute, HttpRoute[]>
type Aiming = Pick<TrafficWrite, 'aside' | 'weights' | 'stable'> & { canary: Revision | undefined }

function asideRoutes(
  { live, routes, hosts, prefix }: Present,
  { aside, canary, ...write }: Aiming,
  listOf: (route: NamedRoute) => RouteDestination[],
): Clones {
  if (!aside || canary === undefined) return new Map()
  return new Map(
    routes.map((route) => {
      const base = { at: route, route: { ...live.spec[route.section]?.[route.index], route: listOf(route) } }
      const clones = clonesOf({ ...base, original: route.original }, { ...write, aside, canary, hosts })
      return [route, clones.map((clone) => named(clone, prefix, route.key))]
    }),
  )
}

type Withdrawing = RestWrite & { weights: Weights; stable: Revision | undefined }

/** A revision that loses its traffic is removed wherever it stands in the object, be it in a route that is not ours. */
function sectionsFor(
  object: Present,
  { weights, stable, before }: Withdrawing,
  listOf: (route: NamedRoute) => RouteDestination[],
  clones: Clones = new Map(),
): Sections {
  const { hosts, prefix } = object
  const known = [before?.canary ?? [], ...object.routes.map(({ list }) => revisionsIn(list, hosts))].flat()
  const withdrawn = known.filter((revision) => revision !== stable && (weights[revision] ?? 0) === 0)
  const lists = object.routes.map((route) => ({
    at: route,
    list: listOf(route),
    managed: clones.get(route) ?? [],
  }))
  return rewrite(object.live, { lists, withdrawn, hosts, prefix })
}
