import { FIELD_MANAGER } from '../../crds/names.ts'
import { parseFence, passesFence, type Aside, type Fence, type Revision, type Traffic } from '../../crds/traffic.ts'
import type { Kube } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteRecord, RouteTarget } from '../router.ts'
import type { Weights } from './destinations.ts'
import { asked, refuseOtherWeight } from './managed/asked.ts'
import { previewOf, removePreview, writePreview, type Preview } from './managed/preview.ts'
import { planRest, planTraffic, type Present } from './plan.ts'
import { isOfSameRollout } from './record.ts'
import { apexRevision, type Routes } from './routes.ts'
import { writeRoutes, type Draft } from './writing.ts'

export type TrafficInput = { kube: Kube; target: RouteTarget; traffic: Traffic; fence: Fence; stable?: Revision }

/** See `Router.setTraffic`. A route at rest whose apex serves the one wanted revision gets the annotation only. */
export async function setTraffic({ kube, target, traffic, fence, stable }: TrafficInput): Promise<Traffic> {
  const weights = accepted(traffic)
  const aside = asked({ ...traffic, weights })
  let preview: Preview | undefined
  let previewed = false
  const read = await writeRoutes({
    kube,
    target,
    fieldManager: FIELD_MANAGER.objects,
    async plan(routes): Promise<Draft> {
      const before = routes.record
      passFence(before, fence)
      const known = before !== undefined && onlyOne(weights) === undefined && !aside?.among
      const apex = known ? before.stable : ((await apexRevision(kube, target)) ?? before?.stable)
      const current = before?.stable ?? apex
      const commits = stable !== undefined && stable !== before?.stable
      const raises = commits || aside !== undefined || isRaise(routes, weights, current)
      if (raises) refuseAborted(before, fence)
      const next = stable ?? current ?? onlyOne(weights)
      if (next === undefined) {
        throw new Error(
          `nothing tells which of ${Object.keys(weights).join(' and ')} is stable; say it with this write`,
        )
      }
      preview = aside && previewFor(routes, weights, { aside, stable: next })
      previewed = before?.preview !== undefined
      const write = { weights, fence, stable: next, commits, apex, before, aside }
      return { of: (object) => planTraffic(object, write), raises }
    },
  })
  if (preview) await writePreview(kube, target, preview)
  else if (previewed) await removePreview(kube, target)
  return { weights: read }
}

/** See `Router.restore`. Refuses while the apex selects another revision than stable, because the route would name it. */
export async function restore({
  kube,
  target,
  fence,
}: {
  kube: Kube
  target: RouteTarget
  fence: Fence
}): Promise<void> {
  await writeRoutes({
    kube,
    target,
    fieldManager: FIELD_MANAGER.objects,
    async plan(routes): Promise<Draft> {
      const { record: before } = routes
      passFence(before, fence)
      const moves = routes.objects.some((object) => object.routes.some((route) => !route.atRest))
      const apex = moves ? await apexRevision(kube, target) : undefined
      if (apex !== undefined && before !== undefined && apex !== before.stable) {
        const words = `Service ${target.service.name} selects ${apex} while ${before.stable} is stable; point it there first`
        throw routeError('ApexElsewhere', words)
      }
      return { of: (object) => planRest(object, { before, fence }), raises: false }
    },
  })
  // Asked for whatever the record says: a write that took it away may have been cut off before it did.
  await removePreview(kube, target)
}

/** Everything that can be refused is refused before the first write. */
function previewFor(
  { objects }: Routes,
  weights: Weights,
  { aside, stable }: { aside: Aside; stable: Revision },
): Preview | undefined {
  const canary = aside.canary ?? Object.keys(weights).find((revision) => revision !== stable)
  if (canary === undefined || canary === stable) {
    throw routeError('Unroutable', `${canary} is stable: nothing is to be tried beside the weights`)
  }
  refuseOtherWeight(aside, weights[canary] ?? 0)
  const present = objects.filter((object): object is Present => object.live !== undefined)
  return aside.preview && previewOf(present, aside.preview.host, canary)
}

function accepted({ weights: given }: Traffic): Weights {
  const weights = Object.fromEntries(Object.entries(given).filter(([, weight]) => weight !== 0))
  const values = Object.values(weights)
  const sum = values.reduce((total, weight) => total + weight, 0)
  if (sum !== 100 || values.length > 2 || values.some((weight) => !Number.isInteger(weight) || weight < 0)) {
    throw new Error(`weights must be whole percent of one or two revisions and add up to 100: ${JSON.stringify(given)}`)
  }
  return weights
}

function passFence(before: RouteRecord | undefined, fence: Fence): void {
  if (before === undefined || passesFence(fence, parseFence(before.fence))) return
  const words = `the route was written by ${before.fence} already, write ${fence.release}.${fence.seq} comes too late`
  throw routeError('FencedOff', words)
}

function refuseAborted(before: RouteRecord | undefined, fence: Fence): void {
  if (before?.aborted !== fence.release || !isOfSameRollout(before, fence)) return
  throw routeError('AbortedOnRoute', `release ${fence.release} was aborted on the route (rollback --direct)`)
}

/** True when some route would give more to a revision other than the one that is stable now. */
function isRaise({ objects }: Routes, weights: Weights, stable: Revision | undefined): boolean {
  const others = Object.entries(weights).filter(([revision]) => revision !== stable)
  return others.some(([revision, weight]) =>
    objects.some(
      ({ routes, missing }) => missing.length > 0 || routes.some((route) => weight > (route.weights[revision] ?? 0)),
    ),
  )
}

function onlyOne(weights: Weights): Revision | undefined {
  const [revision, ...others] = Object.keys(weights)
  return others.length === 0 ? revision : undefined
}
