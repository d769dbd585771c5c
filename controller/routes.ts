import type { Routing } from '../crds/adopted-routes.ts'
import { routeAnnotation } from '../crds/names.ts'
import type { KubeObject } from '../kube/index.ts'

/** The few fields of a VirtualService that the controller reads. */
export type VirtualService = KubeObject & { spec?: Routing & { hosts?: string[]; gateways?: string[] } }

/** The few fields of the route annotation that the controller reads; the router writes it. */
export type RouteNote = { fence: string; stable: string; aborted?: number; atRest: boolean }

/** Undefined when there is none, or one that nobody of us wrote. */
export function noteOf(route: VirtualService, namespace: string, rollout: string): RouteNote | undefined {
  const text = route.metadata.annotations?.[routeAnnotation(namespace, rollout)]
  if (text === undefined) return undefined
  try {
    const note = JSON.parse(text) as Partial<RouteNote> & { rest?: unknown }
    if (typeof note.fence !== 'string' || typeof note.stable !== 'string') return undefined
    const { fence, stable, aborted } = note
    return { fence, stable, atRest: note.rest === undefined, ...(typeof aborted === 'number' ? { aborted } : {}) }
  } catch {
    return undefined // damaged by hand: the run sees that the route is not as it left it, and says so
  }
}

export type RouteSights = {
  /** To be told every version of a VirtualService as it comes, and undefined when it went. */
  see(key: string, route: VirtualService | undefined): void
  /** How often somebody else changed it since this process began to look. */
  edits(key: string): number
}

type Sight = { uid: string | undefined; generation: number; fences: Map<string, string>; edits: number }

/**
 * Tells our writes from those of others: each of ours puts a new fence into an annotation and raises the generation by
 * one at most. Everything else that changes the spec is an edit; after a gap in the watch one too many may be counted.
 */
export function createRouteSights(): RouteSights {
  const sights = new Map<string, Sight>()
  return {
    see(key, route) {
      const before = sights.get(key)
      const now = route === undefined ? GONE : sightOf(route)
      const edits = (before?.edits ?? 0) + (before !== undefined && isForeign(before, now) ? 1 : 0)
      sights.set(key, { ...now, edits })
    },
    edits: (key) => sights.get(key)?.edits ?? 0,
  }
}

type Now = Omit<Sight, 'edits'>

const GONE: Now = { uid: undefined, generation: 0, fences: new Map() }

function isForeign(before: Now, now: Now): boolean {
  if (before.uid !== now.uid) return true
  const steps = now.generation - before.generation
  const ours = [...now.fences].some(([annotation, fence]) => before.fences.get(annotation) !== fence)
  return ours ? steps > 1 : steps > 0
}

const ROUTE_SUFFIX = '.sluice.dev/route'

/** The fences of every Rollout on this object: the writes of another Rollout are ours too. */
function sightOf({ metadata }: VirtualService): Now {
  const annotations = Object.entries(metadata.annotations ?? {})
  const fences = annotations
    .filter(([name]) => name.endsWith(ROUTE_SUFFIX))
    .map(([name, text]): [string, string] => [name, /"fence":"([^"]*)"/.exec(text)?.[1] ?? ''])
  return { uid: metadata.uid, generation: metadata.generation ?? 0, fences: new Map(fences) }
}
