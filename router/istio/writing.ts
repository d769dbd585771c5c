import { isDeepStrictEqual } from 'node:util'
import { routeAnnotation } from '../../crds/names.ts'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { describeError, isConflict, type Kube } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'
import type { Weights } from './destinations.ts'
import type { ObjectPlan, Present } from './plan.ts'
import { withoutOurSpec } from './ownership.ts'
import { recordText } from './record.ts'
import { readRoutes, type RouteObject, type Routes } from './routes.ts'
import type { HttpRoute, VirtualService } from './virtual-service.ts'

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

/** Route objects as they were before this call, and the routes it was about to write. */
type Journal = Map<string, { before: VirtualService; wrote: HttpRoute[] }>

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
  const rewritten = !isDeepStrictEqual(plan.http, live.spec.http ?? [])
  if (!rewritten && text === live.metadata.annotations?.[key]) return rested(writing, object, plan)
  const earlier = journal.get(ref.name)
  // Before the request: its answer may be lost although it was served.
  journal.set(ref.name, { before: earlier?.before ?? live, wrote: plan.http })
  const metadata = { resourceVersion: live.metadata.resourceVersion, annotations: { [key]: text ?? null } }
  try {
    await kube.mergePatch(ref, { metadata, ...(rewritten ? { spec: { http: plan.http } } : {}) }, { fieldManager })
  } catch (error) {
    if (isConflict(error) && !earlier) journal.delete(ref.name)
    throw error
  }
  return rested(writing, await readBack(writing, object, plan), plan)
}

/** Weights are compared, not bytes: an admission webhook may write the same destinations in other words. */
async function readBack({ kube, target }: Writing, { ref }: Present, { weights }: ObjectPlan): Promise<RouteObject> {
  const { istio } = target.router
  const virtualServices = istio.virtualServices.filter(({ name }) => name === ref.name)
  const { objects } = await readRoutes(kube, { ...target, router: { istio: { ...istio, virtualServices } } })
  for (const route of objects.flatMap((object) => object.routes)) {
    if (isDeepStrictEqual(route.weights, weights) || Object.keys(route.weights).length === 0) continue
    const [read, wanted] = [JSON.stringify(route.weights), JSON.stringify(weights)]
    throw routeError(
      'ReadBackMismatch',
      `route ${route.name} of VirtualService ${ref.name} reads ${read}, not ${wanted}`,
    )
  }
  return objects[0]!
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

/**
 * Several route objects move together or not at all. What somebody else has written since is left alone. Throws when one
 * cannot be put back; the error's `cause` is what began it.
 */
async function putBack({ kube, target, fieldManager }: Writing, journal: Journal, cause: unknown): Promise<void> {
  const key = routeAnnotation(target.namespace, target.name)
  for (const [name, { before, wrote }] of [...journal].reverse()) {
    const ref = { resource: VIRTUAL_SERVICES, namespace: target.namespace, name }
    try {
      const live = await kube.get<VirtualService>(ref)
      if (!live || !isDeepStrictEqual(live.spec.http, wrote)) continue
      const metadata = {
        resourceVersion: live.metadata.resourceVersion,
        annotations: { [key]: before.metadata.annotations?.[key] ?? null },
      }
      await kube.mergePatch(ref, { metadata, spec: { http: before.spec.http } }, { fieldManager })
    } catch (error) {
      throw routeError('PutBackFailed', `VirtualService ${name} could not be put back: ${describeError(error)}`, cause)
    }
  }
}

const isPresent = (object: RouteObject): object is Present => object.live !== undefined
