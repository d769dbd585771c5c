import { findCondition } from '../crds/conditions.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { phaseOf, stallOf } from './words.ts'

/** What the cluster says about one Rollout at one moment. */
export type Sight = { rollout: Rollout | undefined; releases: Release[] }

/** How a release, or a declaration, ended. */
export type End = 'promoted' | 'failed'

/** The release that is asked about, else the one that runs, else the last one. */
export function releaseOf({ rollout, releases }: Sight, asked?: number): Release | undefined {
  const number = asked ?? rollout?.status?.release ?? rollout?.status?.lastRelease?.number
  return number === undefined ? releases.at(-1) : releases.find((release) => release.spec.number === number)
}

/** The last release of a revision, or of a commit, by the beginning of its name. */
export const releaseFor = ({ releases }: Sight, name: string): Release | undefined =>
  releases.findLast(({ spec }) => spec.revision.startsWith(name) || spec.provenance.commit?.startsWith(name) === true)

/**
 * Undefined while it goes on, or has not begun: whatever is declared or released besides does not count. A revision that
 * serves without a record is promoted.
 */
export function endOfRevision(sight: Sight, name: string): End | undefined {
  const { rollout } = sight
  if (!rollout) return 'failed'
  const release = releaseFor(sight, name)
  if (release) return endOf(sight, release.spec.number)
  return rollout.status?.stable?.startsWith(name) ? 'promoted' : undefined
}

/** What there is to say: about the release that is asked about or was last, else about the Rollout. */
export function stateOf(sight: Sight, asked?: number): { phase: string; message: string } {
  const status = sight.rollout?.status
  const release = releaseOf(sight, asked)
  const stall = stallOf(status)
  if (asked === undefined && stall) return { phase: stall.reason, message: stall.message }
  const { outcome, message } = release?.status ?? {}
  if (outcome !== undefined && release?.spec.number !== status?.release) {
    return { phase: outcome, message: message ?? outcome }
  }
  return { phase: phaseOf(status), message: status?.message ?? 'The engine has not looked at it yet.' }
}

/**
 * Undefined while it goes on. With `asked` that release's outcome decides; otherwise what is declared now: the engine
 * has seen it and either serves it or refuses it. So a wait that begins right after `kubectl apply` does not end with
 * the state before.
 */
export function endOf(sight: Sight, asked?: number): End | undefined {
  const { rollout } = sight
  if (!rollout) return 'failed'
  if (asked !== undefined) {
    const outcome = releaseOf(sight, asked)?.status?.outcome
    return outcome === undefined ? undefined : outcome === 'Promoted' ? 'promoted' : 'failed'
  }
  const { status, metadata } = rollout
  if (status?.observedGeneration !== metadata.generation) return undefined
  if (findCondition(status?.conditions, 'Stalled')?.reason === 'InvalidSpec') return 'failed'
  const ready = findCondition(status?.conditions, 'Ready')?.status
  if (ready === undefined || ready === 'Unknown') return undefined
  // Two watches: the Rollout's news may be here before the Release's, which was written first.
  const last = sight.releases.find(({ spec }) => spec.number === status?.lastRelease?.number)
  if (last && last.status?.outcome === undefined) return undefined
  return ready === 'True' ? 'promoted' : 'failed'
}
