import { ApplicationFailure } from '@temporalio/activity'
import { releaseObject } from '../crds/names.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Fence, Revision } from '../crds/traffic.ts'
import type { RouteTarget } from '../router/router.ts'
import type { RevisionSource } from '../workload/revision.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { isForeign, refusable } from './refusal.ts'
import { returnable } from './returning.ts'
import { getRollout, needRollout, releasesOf } from './rollouts.ts'

export type PrepareInput = {
  ref: RolloutRef
  target: RouteTarget
  release: number
  stable: Revision
  canary: Revision
  fence: Fence
  canaryReplicas: number
  stableReplicas: number
}

/** Deployment, Services and destinations of both revisions exist; stable is at its declared size. Writes no weight. What is refused fails for good. */
export async function prepare(deps: Deps, input: PrepareInput): Promise<void> {
  const rollout = await needRollout(deps.kube, input.ref)
  const { stable, canary } = input
  const source = await snapshot(deps, input.ref, input.release)
  await refusable(async () => {
    await deps.workload.refuseForeignApex(rollout)
    await deps.workload.ensureRevision(rollout, canary, source, input.canaryReplicas)
    await deps.workload.ensureServices(rollout, [stable, canary])
    await deps.router.prepare(input.target, [stable, canary])
    await grow(deps, rollout, stable, input.stableReplicas)
  })
}

/** What takes requests beside the weights exists before a route names it. What is refused fails for good. */
export async function prepareSide(
  deps: Deps,
  { ref, target, revision }: { ref: RolloutRef; target: RouteTarget; revision: Revision },
): Promise<void> {
  const rollout = await needRollout(deps.kube, ref)
  await refusable(async () => {
    await deps.workload.ensureSideService(rollout, revision)
    await deps.router.prepareSide(target, revision)
  })
}

/** `grown` is false when the Deployment was as large already. What is refused fails for good. */
export async function ensureRevision(
  deps: Deps,
  input: { ref: RolloutRef; revision: Revision; release: number; replicas: number },
): Promise<{ grown: boolean }> {
  const rollout = await needRollout(deps.kube, input.ref)
  const before = (await deps.workload.revisions(input.ref)).find((state) => state.revision === input.revision)
  if (before && before.replicas >= input.replicas) return { grown: false }
  const source = await snapshot(deps, input.ref, input.release)
  await refusable(async () => {
    await deps.workload.refuseForeignApex(rollout)
    await deps.workload.ensureRevision(rollout, input.revision, source, input.replicas)
  })
  return { grown: true }
}

/**
 * The apex Service selects `stable`. Nothing to do where the Rollout is gone, and its Service with it; a final
 * `ForeignObject` where the Service is somebody else's.
 */
export async function pointApex(
  deps: Deps,
  input: { ref: RolloutRef; stable: Revision; committed?: RouteTarget },
): Promise<void> {
  if (input.committed) await stillStable(deps, input.committed, input.stable)
  const rollout = await getRollout(deps.kube, input.ref)
  if (rollout) await refusable(() => deps.workload.pointApex(rollout, input.stable))
}

/** Somebody may have gone back on the route since the commit: then clients of the apex must not move either. */
async function stillStable({ router }: Deps, target: RouteTarget, stable: Revision): Promise<void> {
  const { record } = await router.observe(target)
  if (record === undefined || record.stable === stable) return
  const message = `the route says that ${record.stable} is stable, not ${stable}`
  throw ApplicationFailure.nonRetryable(message, 'ApexElsewhere')
}

/** None of these has fewer pods than this. One that was not made yet is left to who makes it. */
export async function growRevisions(
  deps: Deps,
  { ref, sizes }: { ref: RolloutRef; sizes: Record<Revision, number> },
): Promise<void> {
  const rollout = await getRollout(deps.kube, ref)
  if (!rollout) return
  for (const [revision, replicas] of Object.entries(sizes)) await grow(deps, rollout, revision, replicas)
}

/**
 * While the route cannot be written: stable gets its pods, and as soon as it has a ready one the canary's Service selects
 * stable's pods.
 */
export async function secondLever(
  deps: Deps,
  input: { ref: RolloutRef; canary: Revision; stable: Revision; replicas: number },
): Promise<void> {
  const rollout = await getRollout(deps.kube, input.ref)
  if (!rollout) return
  await grow(deps, rollout, input.stable, input.replicas)
  const { ready } = await deps.workload.readiness(rollout, input.stable)
  if (ready > 0) await deps.workload.redirectService(rollout, input.canary, input.stable)
}

/** The pods of a revision that has no traffic any more, its Service and destinations. Never stable's. */
export async function removeRevision(
  deps: Deps,
  input: { ref: RolloutRef; target: RouteTarget; revision: Revision },
): Promise<void> {
  const rollout = await getRollout(deps.kube, input.ref)
  if (!rollout) return
  const route = await deps.router.observe(input.target)
  if (route.record?.stable === input.revision || (route.weights[input.revision] ?? 0) > 0) return
  try {
    await deps.workload.scale(rollout, input.revision, 0)
  } catch (error) {
    // A release that ended because somebody else has that name leaves nothing behind.
    if (!isForeign(error)) throw error
  }
}

/** After a release: revision Services and destinations go, as do Releases and empty Deployments beyond their limits. */
export async function collect(deps: Deps, input: { ref: RolloutRef; target: RouteTarget }): Promise<void> {
  const rollout = await getRollout(deps.kube, input.ref)
  if (!rollout || rollout.metadata.deletionTimestamp) return
  const [route, releases, revisions] = await Promise.all([
    deps.router.observe(input.target),
    releasesOf(deps.kube, input.ref),
    deps.workload.revisions(input.ref),
  ])
  if (!route.atRest || releases.at(-1)?.status?.outcome === undefined) return
  const names = revisions.map((state) => state.revision)
  await deps.workload.removeServices(rollout, names)
  await deps.router.release(input.target, names)
  const stable = route.record?.stable
  const { rollbackWindow } = rollout.spec
  const kept = new Set([stable, releases.at(-1)?.spec.revision, ...returnable(releases, stable, rollbackWindow)])
  const empty = revisions.filter((state) => state.replicas === 0 && !kept.has(state.revision))
  for (const { revision } of empty) await deps.workload.remove(rollout, revision)
  await collectConfigs(
    deps,
    rollout,
    releases,
    names.filter((name) => !empty.some(({ revision }) => revision === name)),
  )
  await collectReleases(deps, rollout, releases, stable)
}

/** Copies live as long as the Deployment that reads them; those of a release that never made one go too. */
async function collectConfigs(
  { workload }: Deps,
  rollout: Rollout,
  releases: Release[],
  keep: Revision[],
): Promise<void> {
  const copied = releases.flatMap(({ spec }) => Object.keys(spec.configs ?? {}))
  const named = rollout.spec.config.some(({ secret }) => secret !== undefined)
  if (copied.length === 0 && rollout.spec.config.length === 0) return
  await workload.removeConfigs(rollout, { keep, secrets: named || copied.some((key) => key.startsWith('Secret/')) })
}

async function collectReleases(
  deps: Deps,
  rollout: Rollout,
  releases: Release[],
  stable: string | undefined,
): Promise<void> {
  const ofStable = releases.findLast((release) => release.spec.revision === stable)
  const old = releases
    .slice(0, Math.max(0, releases.length - rollout.spec.releaseHistoryLimit))
    .filter((release) => release !== ofStable)
  for (const release of old) {
    await deps.kube.delete({
      resource: RELEASES,
      namespace: release.metadata.namespace ?? '',
      name: release.metadata.name,
    })
  }
}

/** Where more is declared than runs; its template stays the one it was released with. */
async function grow(deps: Deps, rollout: Rollout, revision: Revision, replicas: number): Promise<void> {
  const ref = { namespace: rollout.metadata.namespace ?? '', name: rollout.metadata.name }
  const state = (await deps.workload.revisions(ref)).find((found) => found.revision === revision)
  if (state && state.replicas < replicas) await deps.workload.scale(rollout, revision, replicas)
}

/** What was declared when the release began: what was analysed is what is promoted. */
async function snapshot(deps: Deps, ref: RolloutRef, release: number): Promise<RevisionSource> {
  const name = releaseObject(ref.name, release)
  const found = await deps.kube.get<Release>({ resource: RELEASES, namespace: ref.namespace, name })
  if (found) return { template: found.spec.template, configs: found.spec.configs ?? {} }
  throw ApplicationFailure.nonRetryable(`Release ${name} is gone: its template cannot be read`, 'ReleaseGone')
}
