import { isDeepStrictEqual } from 'node:util'
import { routeAnnotation } from '../../crds/names.ts'
import { isConflict, type Kube, type Ref } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'
import type { Weights } from './destinations.ts'
import { isPresent, type ObjectPlan, type Present } from './plan.ts'
import { withoutOurSpec } from './ownership.ts'
import { putBack, type Journal } from './putting-back.ts'
import { recordText } from './record.ts'
import { objectName, readRoutes, type RouteObject, type Routes } from './routes.ts'
import type { Sections, VirtualService } from './virtual-service.ts'

const ATTEMPTS = 8

export type Writing = {
  kube: Kube
  target: RouteTarget
  fieldManager: string
  /** Called with what is there, again after a conflict. Throws what forbids the write. */
  plan(routes: Routes): Promise<Draft> | Draft
}

export type Draft = {
  of(object: Present): ObjectPlan
  /**
   * Some route would give more to a revision that is not stable: then all route objects change or none does. A write
   * that takes traffic back takes it wherever it can, and reports the rest.
   */
  raises: boolean
}

/** Writes what differs, in order, and reads it back. Returns the weights that were read. */
export async function writeRoutes(writing: Writing): Promise<Weights> {
  const journal: Journal = new Map()
  for (let attempt = 1; ; attempt += 1) {
    const routes = await readRoutes(writing.kube, writing.target)
    const draft = await writing.plan(routes)
    try {
      return await writeAll(writing, routes, draft, journal)
    } catch (error) {
      if (isConflict(error) && attempt < ATTEMPTS) continue
      if (draft.raises && routes.objects.length > 1) await putBack(writing, journal, error)
      throw error
    }
  }
}

async function writeAll(writing: Writing, { objects }: Routes, draft: Draft, journal: Journal): Promise<Weights> {
  const missing = objects.flatMap((object) => object.missing)
  const failures: unknown[] = missing.length === 0 ? [] : [routeError('RouteMissing', missing.join('; '))]
  if (draft.raises && failures.length > 0) throw failures[0]
  let weights: Weights = {}
  for (const object of objects.filter(isPresent)) {
    try {
      weights = await writeOne(writing, object, draft.of(object), journal)
    } catch (error) {
      if (draft.raises || isConflict(error)) throw error
      failures.push(error)
    }
  }
  // What the server refused is worth a retry and must not hide behind a route that is missing.
  if (failures.length > 0) throw failures.at(-1)
  return weights
}

async function writeOne(writing: Writing, object: Present, plan: ObjectPlan, journal: Journal): Promise<Weights> {
  const { kube, target, fieldManager } = writing
  const { live, ref } = object
  const key = routeAnnotation(target.namespace, target.name)
  const text = plan.record && recordText(plan.record)
  const spec = changed(plan.sections, live)
  if (!spec && text === live.metadata.annotations?.[key]) return rested(writing, object, plan)
  const earlier = journal.get(pathOf(ref))
  // Before the request: its answer may be lost although it was served.
  journal.set(pathOf(ref), { before: earlier?.before ?? object, wrote: plan.sections })
  const metadata = { resourceVersion: live.metadata.resourceVersion, annotations: { [key]: text ?? null } }
  try {
    await kube.mergePatch(ref, { metadata, ...(spec ? { spec } : {}) }, { fieldManager })
  } catch (error) {
    if (isConflict(error) && !earlier) journal.delete(pathOf(ref))
    throw error
  }
  return rested(writing, await readBack(writing, object, plan), plan)
}

/** Weights are compared, not bytes: an admission webhook may write the same destinations in other words. */
async function readBack(
  { kube, target }: Writing,
  { ref }: Present,
  { weights, record }: ObjectPlan,
): Promise<RouteObject> {
  const { istio } = target.router
  const virtualServices = istio.virtualServices.filter(
    ({ name, namespace = target.namespace }) => name === ref.name && namespace === ref.namespace,
  )
  const { objects } = await readRoutes(kube, { ...target, router: { istio: { ...istio, virtualServices } } })
  for (const route of objects.flatMap((object) => object.routes)) {
    if (isDeepStrictEqual(route.weights, weights) || Object.keys(route.weights).length === 0) continue
    const [read, wanted] = [JSON.stringify(route.weights), JSON.stringify(weights)]
    const which = `${route.key === '' ? 'the route' : `route ${route.key}`} of ${objectName(ref, target)}`
    throw routeError('ReadBackMismatch', `${which} reads ${read}, not ${wanted}`)
  }
  const lost = record?.managed?.find((name) => !objects[0]?.managed.includes(name))
  if (lost === undefined) return objects[0]!
  throw routeError('ReadBackMismatch', `route ${lost} of ${objectName(ref, target)} is gone again`)
}

/** At rest the spec is its owner's again, in the eyes of the API server too. */
async function rested({ kube, fieldManager }: Writing, { ref, live }: RouteObject, plan: ObjectPlan): Promise<Weights> {
  const managedFields = live && plan.record?.weights === undefined ? withoutOurSpec(live) : undefined
  if (managedFields) {
    const { resourceVersion } = live!.metadata
    await kube.mergePatch(ref, { metadata: { resourceVersion, managedFields } }, { fieldManager })
  }
  return plan.weights
}

/** Only the kinds of routes that differ: what is not ours is not even sent. */
function changed(sections: Sections, { spec }: VirtualService): Sections | undefined {
  const differing = Object.entries(sections).filter(([section, routes]) => !isDeepStrictEqual(routes, spec[section]))
  return differing.length === 0 ? undefined : Object.fromEntries(differing)
}

const pathOf = ({ namespace = '', name }: Ref): string => `${namespace}/${name}`
