import { releaseConditions, type Phase } from '../crds/conditions.ts'
import { API_VERSION, FIELD_MANAGER, LABEL } from '../crds/names.ts'
import type { Outcome } from '../crds/outcome.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { ReleaseStatus } from '../crds/schema/release.ts'
import type { Rollout, RolloutStatus } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { getRollout } from './rollouts.ts'
import { changeStatus, releaseAt } from './storage.ts'
import { cut, entryOf, extended } from './timeline.ts'

/** One thing worth remembering: becomes a line of the Release's timeline and a Kubernetes Event. */
export type Happening = {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

export type Progress = {
  ref: RolloutRef
  number: number
  phase: Phase
  message: string
  canary: Revision
  /** The revision that serves as of now. */
  stable?: Revision
  step: string
  stepIndex: number
  weight: number
  gate?: string
  epoch: number
  /** The Rollout's generation that this speaks about. */
  generation: number
  /** Epoch milliseconds. */
  at: number
  /** Ends the release. Final. */
  outcome?: Outcome
  event?: Happening
}

/** Writes where a release is into its Release and its Rollout. Repeating it changes nothing. */
export async function report(deps: Deps, progress: Progress): Promise<void> {
  const { ref, number } = progress
  await changeStatus(deps, releaseAt(ref, number), (before) => releaseStatus(before, progress))
  await writeRollout(deps, progress)
  if (progress.outcome === 'RolledBack')
    deps.metrics.rollbacks.inc({ ...progress.ref, reason: progress.event?.reason ?? progress.outcome })
}

function releaseStatus(before: ReleaseStatus, progress: Progress): ReleaseStatus {
  const at = new Date(progress.at).toISOString()
  const { outcome, event } = progress
  return {
    epoch: Math.max(before.epoch ?? 0, progress.epoch),
    step: progress.step,
    stepIndex: progress.stepIndex,
    weight: progress.weight,
    message: cut(progress.message),
    startedAt: before.startedAt ?? at,
    ...(event
      ? { timeline: extended(before.timeline ?? [], entryOf(progress.at, { ...event, event: event.reason })) }
      : {}),
    ...(outcome && before.outcome === undefined ? { outcome, endedAt: at } : {}),
  }
}

/** The whole set of the field manager `sluice-release`, every time: what is left out here disappears from the status. */
async function writeRollout(deps: Deps, progress: Progress): Promise<void> {
  const [rollout, revisions] = await Promise.all([
    getRollout(deps.kube, progress.ref),
    deps.workload.revisions(progress.ref),
  ])
  if (!rollout) return
  const previous = rollout.status
  const stable = progress.stable === undefined || isInstalling(progress) ? previous?.stable : progress.stable
  const { outcome, number, canary } = progress
  const last = outcome ? { number, revision: canary, outcome } : previous?.lastRelease
  await applyStatus(deps, progress.ref, {
    conditions: releaseConditions({ ...progress, previous: previous?.conditions }),
    observedGeneration: progress.generation,
    replicas: revisions.reduce((sum, state) => sum + state.replicas, 0),
    selector: `${LABEL.rollout}=${progress.ref.name}`,
    message: cut(progress.message),
    ...(stable ? { stable } : {}),
    ...(last ? { lastRelease: last } : {}),
    ...(outcome ? { weight: 0 } : running(progress)),
  })
}

/** A revision that is its own stable is being installed: it does not serve before it is promoted. */
const isInstalling = ({ stable, canary, outcome }: Progress): boolean => stable === canary && outcome !== 'Promoted'

const running = ({ canary, number, step, weight, gate }: Progress): Partial<RolloutStatus> => ({
  canary,
  release: number,
  step,
  weight,
  ...(gate ? { gate } : {}),
})

export async function applyStatus(deps: Deps, ref: RolloutRef, status: RolloutStatus): Promise<void> {
  const object = { apiVersion: API_VERSION, kind: ROLLOUTS.kind, metadata: { ...ref }, status }
  await deps.kube.apply<Rollout>(ROLLOUTS, object, {
    fieldManager: FIELD_MANAGER.release,
    force: true,
    subresource: 'status',
  })
}
