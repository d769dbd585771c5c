import { RELEASES } from '../crds/resources.ts'
import type { Revision } from '../crds/traffic.ts'
import type { RouteTarget } from '../router/router.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { getRollout, releasesOf } from './rollouts.ts'

/** Before the first thing is changed: whatever happens from here on, the Rollout is handed back before it goes. */
export async function beginAdoption({ kube, workload }: Deps, { ref }: { ref: RolloutRef }): Promise<void> {
  const rollout = await getRollout(kube, ref)
  if (rollout) await workload.beginAdoption(rollout)
}

/**
 * The pods of the adopted Deployment leave, once the apex selects stable, and stable has as many ready ones; otherwise
 * nothing is done, and a later look finds it so. `contestedBy`: a field manager that would start them again.
 */
export async function emptyDeclared(
  { kube, workload, router }: Deps,
  { ref, target }: { ref: RolloutRef; target: RouteTarget },
): Promise<{ contestedBy?: string }> {
  const rollout = await getRollout(kube, ref)
  if (!rollout || rollout.metadata.deletionTimestamp) return {}
  const [around, route, states] = await Promise.all([
    workload.adoption(rollout),
    router.observe(target),
    workload.revisions(ref),
  ])
  const stable = route.record?.stable
  if (!around || stable === undefined) return {}
  // Without our key the apex selects the pods of stable, too: they can carry all of it.
  if (around.apex !== undefined && around.apex !== stable) return {}
  const ready = states.find(({ revision }) => revision === stable)?.ready ?? 0
  if (ready < Math.min(rollout.spec.replicas, around.replicas)) return {}
  return workload.holdDeclared(rollout, 0)
}

/**
 * The apex reads as in Git, and the declared Deployment has its size again where it was emptied. Nothing to do in
 * `template` form, where the engine made the apex.
 */
export async function freeApex({ kube, workload }: Deps, { ref }: { ref: RolloutRef }): Promise<void> {
  const rollout = await getRollout(kube, ref)
  if (!rollout?.spec.workloadRef) return
  const around = await workload.adoption(rollout)
  const { replicas } = rollout.spec
  if (around?.held && around.replicas < replicas) await workload.holdDeclared(rollout, replicas)
  await workload.freeApex(rollout)
}

/**
 * Pods that are about to leave take no more traffic, while those of the declared Deployment do: those of one revision, or
 * of all where the Rollout goes.
 */
export async function unselectLeaving(
  { kube, workload }: Deps,
  { ref, revision }: { ref: RolloutRef; revision?: Revision },
): Promise<void> {
  const rollout = await getRollout(kube, ref)
  if (!rollout || (revision === undefined && !rollout.metadata.deletionTimestamp)) return
  const around = await workload.adoption(rollout)
  // Nobody else would serve.
  if (!around || around.apex !== undefined || around.replicas === 0) return
  await workload.unselect(rollout, revision)
}

export type LetGoInput = { ref: RolloutRef; target: RouteTarget; keep?: Revision }

/** What the engine made leaves, but for the pods of `keep`; then nothing keeps the Rollout any longer. */
export async function letGo({ kube, workload, router }: Deps, { ref, target, keep }: LetGoInput): Promise<void> {
  const rollout = await getRollout(kube, ref)
  if (!rollout || rollout.metadata.uid !== target.uid || !rollout.metadata.deletionTimestamp) return
  const revisions = (await workload.revisions(ref)).map(({ revision }) => revision)
  await router.release(target, revisions)
  await router.forget(target)
  await workload.dissolve(rollout, keep)
  // An orphaning deletion leaves them behind.
  for (const { metadata } of await releasesOf(kube, ref)) {
    await kube.delete({ resource: RELEASES, namespace: ref.namespace, name: metadata.name })
  }
  await workload.endAdoption(rollout)
}
