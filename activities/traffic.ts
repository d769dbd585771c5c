import { ApplicationFailure } from '@temporalio/activity'
import type { Aside, Fence, Revision } from '../crds/traffic.ts'
import type { RouteTarget } from '../router/router.ts'
import type { Deps } from './deps.ts'
import { getRollout } from './rollouts.ts'

export type TrafficInput = {
  target: RouteTarget
  weights: Record<Revision, number>
  /** What is beside the weights from this write on; none where absent. */
  aside?: Aside
  fence: Fence
  /** Commits: this revision is stable from this write on. */
  stable?: Revision
}

/** Router errors that no retry of the same write can mend. */
const FINAL = new Set(['FencedOff', 'AbortedOnRoute', 'RouteMissing', 'ApexElsewhere', 'Unroutable', 'ForeignObject'])

/** Writes the weights and returns what was read back. */
export async function setTraffic(deps: Deps, input: TrafficInput): Promise<{ weights: Record<Revision, number> }> {
  await carriedByReadyPods(deps, input)
  const { target, weights, aside, fence, stable } = input
  const [revision = '', another] = Object.keys(weights)
  // The way back makes nothing: a route that is gone takes no traffic.
  if (stable !== undefined || another !== undefined) await decided(() => deps.router.own(target, stable ?? revision))
  const written = await decided(() =>
    deps.router.setTraffic(target, { weights, ...aside }, { fence, ...(stable ? { stable } : {}) }),
  )
  return { weights: written.weights }
}

/**
 * The route reads as in Git again. `stable`: it is committed, there is no way but forward, and a VirtualService of our own
 * that is gone is made again. The way back makes nothing.
 */
export async function restoreRoute(
  deps: Deps,
  { target, fence, stable }: { target: RouteTarget; fence: Fence; stable?: Revision },
): Promise<void> {
  if (stable !== undefined) await decided(() => deps.router.own(target, stable))
  await decided(() => deps.router.restore(target, fence))
  if (stable === undefined) await forgetIfGone(deps, target)
}

/** A Rollout whose workload went was not held until its release had gone back: nobody else takes its record away. */
async function forgetIfGone({ kube, router }: Deps, target: RouteTarget): Promise<void> {
  const live = await getRollout(kube, target)
  if (live?.metadata.uid !== target.uid) await router.forget(target)
}

/**
 * No write gives traffic to a revision without a ready pod while another has one: it is refused, and retried by who asked.
 * Where none has any, nothing is lost by it. How many pods a weight needs is seen to before it rises; the way back asks
 * for one only, because few pods of stable are better than a canary that was found to be bad.
 */
async function carriedByReadyPods({ workload }: Deps, { target, weights, aside }: TrafficInput): Promise<void> {
  const states = await workload.revisions(target)
  const ready = (revision: string): number => states.find((state) => state.revision === revision)?.ready ?? 0
  const named = Object.keys(weights).filter((revision) => (weights[revision] ?? 0) > 0)
  const bare = [...named, ...(aside?.canary ? [aside.canary] : [])].filter((revision) => ready(revision) === 0)
  if (bare.length === 0 || states.every((state) => state.ready === 0)) return
  throw new Error(`revision ${bare.join(', ')} has no ready pod to carry traffic`)
}

async function decided<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof Error && FINAL.has(error.name))
      throw ApplicationFailure.nonRetryable(error.message, error.name)
    throw error
  }
}
