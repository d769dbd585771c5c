import { findCondition, releaseConditions, type Phase } from '../crds/conditions.ts'
import { API_VERSION, FIELD_MANAGER, LABEL } from '../crds/names.ts'
import type { Reason } from '../crds/notices.ts'
import type { Outcome } from '../crds/outcome.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Release, ReleaseStatus } from '../crds/schema/release.ts'
import type { Rollout, RolloutStatus } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { isConflict } from '../kube/index.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { getRollout } from './rollouts.ts'
import { changeStatus, releaseAt } from './storage.ts'
import { cut, entryOf, extended } from './timeline.ts'

/** One thing worth remembering: becomes a line of the Release's timeline and a Kubernetes Event. */
export type Happening = {
  type: 'Normal' | 'Warning'
  reason: Reason
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
  /** Who said pause, and why, while that stops it. */
  pausedBy?: string
  /** Why it stands still, as one word. */
  hold?: string
  epoch: number
  /** The Rollout's generation that this speaks about. */
  generation: number
  /** Epoch milliseconds. */
  at: number
  /** Steps that a person passes over now, by their index. */
  skipped?: number[]
  /** Ends the release. Final. */
  outcome?: Outcome
  /** A person went back from it by this release. */
  left?: { number: number; revision: Revision }
  event?: Happening
}

const ATTEMPTS = 8

/**
 * Writes where a release is into its Release and its Rollout. Repeating it changes nothing, and what comes late is a line
 * of the timeline only: attempts are retried, and overtake each other.
 */
export async function report(deps: Deps, progress: Progress): Promise<void> {
  const { ref, number } = progress
  let before: ReleaseStatus | undefined
  await changeStatus(deps, releaseAt(ref, number), (found) => releaseStatus((before = found), progress))
  if (before && before.outcome === undefined) count(deps, progress, before)
  await writeRollout(deps, progress)
}

/** Once per release: whoever repeats a report finds the outcome written. */
function count({ metrics }: Deps, { ref, outcome, event, at }: Progress, { startedAt }: ReleaseStatus): void {
  if (!outcome) return
  const { namespace, name } = ref
  metrics.releases.inc({ namespace, name, outcome })
  if (startedAt) metrics.rolloutDuration.observe({ namespace, name }, Math.max(0, at - Date.parse(startedAt)) / 1_000)
  if (outcome === 'RolledBack') metrics.rollbacks.inc({ namespace, name, reason: event?.reason ?? outcome })
}

function releaseStatus(before: ReleaseStatus, progress: Progress): ReleaseStatus {
  const at = new Date(progress.at).toISOString()
  const { outcome, event } = progress
  const timeline = event
    ? { timeline: extended(before.timeline ?? [], entryOf(progress.at, { ...event, event: event.reason })) }
    : {}
  if (isLate(before, progress)) return { ...timeline, ...skippedAfter(before, progress, before.stepIndex) }
  return {
    epoch: Math.max(before.epoch ?? 0, progress.epoch),
    step: progress.step,
    stepIndex: progress.stepIndex,
    weight: progress.weight,
    message: cut(progress.message),
    toldAt: at,
    startedAt: before.startedAt ?? at,
    ...timeline,
    ...skippedAfter(before, progress, progress.stepIndex),
    ...(outcome && before.outcome === undefined ? { outcome, endedAt: at } : {}),
  }
}

/** What a retreat goes back to is done after all. */
function skippedAfter(
  { skipped = [] }: ReleaseStatus,
  { skipped: more = [] }: Progress,
  stepIndex = 0,
): Pick<ReleaseStatus, 'skipped'> {
  const all = [...new Set([...skipped, ...more])].filter((index) => index < stepIndex).toSorted((a, b) => a - b)
  return skipped.length + more.length > 0 ? { skipped: all } : {}
}

/** Something newer was told, or the end. The end itself is told whatever was told before. */
const isLate = ({ toldAt, outcome }: ReleaseStatus, progress: Progress): boolean =>
  progress.outcome === undefined &&
  (outcome !== undefined || (toldAt !== undefined && Date.parse(toldAt) > progress.at))

async function writeRollout(deps: Deps, progress: Progress): Promise<void> {
  const { ref, number } = progress
  for (let attempt = 1; ; attempt++) {
    const rollout = await getRollout(deps.kube, ref)
    // Whoever tells something newer has told the Release first: seen here, or by the conflict of its write to the Rollout.
    const release = await deps.kube.get<Release>(releaseAt(ref, number))
    if (!rollout || isLate(release?.status ?? {}, progress)) return
    try {
      return await writeSeen(deps, rollout, progress)
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}

/** The whole set of the field manager `sluice-release`, every time: what is left out here disappears from the status. */
async function writeSeen(deps: Deps, rollout: Rollout, progress: Progress): Promise<void> {
  const revisions = await deps.workload.revisions(progress.ref)
  const { resourceVersion } = rollout.metadata
  const previous = rollout.status
  const stable = progress.stable === undefined || isInstalling(progress) ? previous?.stable : progress.stable
  const { outcome } = progress
  const last = outcome ? lastOf(progress, outcome) : previous?.lastRelease
  const status: RolloutStatus = {
    conditions: releaseConditions({ ...progress, previous: previous?.conditions }),
    observedGeneration: progress.generation,
    replicas: revisions.reduce((sum, state) => sum + state.replicas, 0),
    selector: `${LABEL.rollout}=${progress.ref.name}`,
    message: cut(progress.message),
    ...(stable ? { stable } : {}),
    ...(last ? { lastRelease: last } : {}),
    ...(outcome ? { weight: 0 } : running(progress)),
    ...(progress.phase === 'Queued' ? { queuedAt: queuedAt(previous, deps.now()) } : {}),
  }
  await applyStatus(deps, { ...progress.ref, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, status)
}

/** What a person left is the one that does not start again by itself. */
const lastOf = ({ number, canary, left }: Progress, outcome: Outcome): NonNullable<RolloutStatus['lastRelease']> =>
  left ? { ...left, outcome, since: 'rolledBack' } : { number, revision: canary, outcome }

/** A revision that is its own stable is being installed: it does not serve before it is promoted. */
const isInstalling = ({ stable, canary, outcome }: Progress): boolean => stable === canary && outcome !== 'Promoted'

/** The moment it can be seen in line, kept while it stands there: the times of conditions stay when only the reason changes. */
function queuedAt(previous: Rollout['status'], now: number): string {
  const isInLine = findCondition(previous?.conditions, 'Reconciling')?.reason === 'Queued'
  return (isInLine ? previous?.queuedAt : undefined) ?? new Date(now).toISOString()
}

const running = ({ canary, number, step, weight, gate, pausedBy, hold }: Progress): Partial<RolloutStatus> => ({
  canary,
  release: number,
  step,
  weight,
  ...(gate ? { gate } : {}),
  ...(pausedBy === undefined ? {} : { pausedBy: cut(pausedBy) }),
  ...(hold === undefined ? {} : { hold }),
})

/** With a `resourceVersion` a conflict where somebody wrote since. */
export async function applyStatus(
  deps: Deps,
  at: RolloutRef & { resourceVersion?: string },
  status: RolloutStatus,
): Promise<void> {
  const object = { apiVersion: API_VERSION, kind: ROLLOUTS.kind, metadata: { ...at }, status }
  await deps.kube.apply<Rollout>(ROLLOUTS, object, {
    fieldManager: FIELD_MANAGER.release,
    force: true,
    subresource: 'status',
  })
}
