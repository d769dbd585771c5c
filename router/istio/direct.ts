import { FIELD_MANAGER, revisionObject } from '../../crds/names.ts'
import { DEPLOYMENTS, SERVICES } from '../../crds/resources.ts'
import { parseFence, type Revision } from '../../crds/traffic.ts'
import { isForbidden, type Kube, type KubeObject } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteRecord, RouteTarget } from '../router.ts'
import { removePreview } from './managed/preview.ts'
import { planRest, planTraffic, type ObjectPlan, type Present } from './plan.ts'
import { apexRevision, type Routes } from './routes.ts'
import { writeRoutes } from './writing.ts'

export type DirectRollback = {
  /** The release that is aborted by it. */
  release: number
  from: Revision
  to: Revision
}

/**
 * Back to stable by the route alone; after the commit, back to the revision before. Needs nothing but the API server and
 * the caller's rights. A workflow that comes back reads it as an abort: the fence stays, `aborted` names the release.
 * Throws `NothingToReturnTo` with the remedy, and `RouteMissing` after doing what could be done.
 */
export async function rollbackDirect({ kube, target }: { kube: Kube; target: RouteTarget }): Promise<DirectRollback> {
  let done: DirectRollback | undefined
  await writeRoutes({
    kube,
    target,
    fieldManager: FIELD_MANAGER.direct,
    async plan(routes) {
      const record = recordOf(routes, target)
      const { release, from, to } = (done = wayBack(record))
      if (to !== record.stable) await refuseCold(kube, target, to)
      const apex = await apexRevision(kube, target)
      return { of: (object: Present) => directPlan(object, { record, to, from, release, apex }), raises: false }
    },
  })
  await removePreview(kube, target).catch(leaveToEngine)
  return done!
}

/** Who may patch routes may not delete them everywhere. Nobody is sent to a preview, and the engine removes it when it is back. */
function leaveToEngine(error: unknown): void {
  if (!isForbidden(error)) throw error
}

function recordOf({ record }: Routes, { name }: RouteTarget): RouteRecord {
  if (record) return record
  throw routeError('NothingToReturnTo', `the route of ${name} carries no record of a release; change it by hand`)
}

/** Repeating it, whole or after it got stuck half-way, gives the same way again. */
function wayBack({ stable, canary, previous, release, committed, aborted }: RouteRecord): DirectRollback {
  if (canary !== undefined) return { release, from: canary, to: stable }
  if (aborted === release) return { release, from: stable, to: stable }
  if (committed === release && previous !== undefined) return { release, from: stable, to: previous }
  const words = `no release is on its way and ${stable} serves; to return further, declare the older version again`
  throw routeError('NothingToReturnTo', words)
}

type Direct = DirectRollback & { record: RouteRecord; apex: Revision | undefined }

/**
 * Before the commit the apex serves stable: the route goes to rest. After it the apex may move at any moment, so the
 * revision's own host is named, and stays named when this is repeated.
 */
function directPlan(object: Present, { record, to, release, apex }: Direct): ObjectPlan {
  const fence = parseFence(record.fence)
  const { previous: _previous, ...afterCommit } = record
  const before = { ...(to === record.stable ? record : { ...afterCommit, stable: to }), aborted: release }
  const committed = to !== record.stable || (record.canary === undefined && record.weights !== undefined)
  if (!committed && (apex ?? to) === to) return planRest(object, { before, fence })
  const write = { weights: { [to]: 100 }, stable: to, commits: false, apex: undefined }
  return planTraffic(object, { ...write, fence, before })
}

/** Its pods may be gone, or its Service: then this would take the service down. */
async function refuseCold(kube: Kube, { namespace, name }: RouteTarget, revision: Revision): Promise<void> {
  const object = revisionObject(name, revision)
  const [deployment, service] = await Promise.all([
    kube.get<KubeObject & { status?: { readyReplicas?: number } }>({ resource: DEPLOYMENTS, namespace, name: object }),
    kube.get({ resource: SERVICES, namespace, name: object }),
  ])
  if ((deployment?.status?.readyReplicas ?? 0) > 0 && service) return
  const what = service ? `Deployment ${object} has no ready pod` : `Service ${object} is gone`
  throw routeError(
    'NothingToReturnTo',
    `${what}; declare the older version again, it is released without the engine's memory`,
  )
}
