import type { Rollout } from '../crds/schema/rollout.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import { isUnnoted, NotDeclared, type Declared } from '../workload/declared.ts'
import { sameSource, snapshotOf } from '../workload/revision.ts'
import type { Deps } from './deps.ts'

/**
 * Undefined where nothing can be run from what is declared; the controller says why. A config that changed a moment ago
 * has not changed yet for what is under way and what serves; `releases` oldest first.
 */
export async function declaredOrNot(
  { workload }: Deps,
  rollout: Rollout,
  releases: Release[],
): Promise<Declared | undefined> {
  const open = releases.slice(-1).filter(({ status }) => status?.outcome === undefined)
  const serving = releaseOf(rollout.status?.stable, releases)
  const known = serving ? [...open, serving] : open
  try {
    return await workload.declared(rollout, known.map(snapshotOf))
  } catch (error) {
    if (error instanceof NotDeclared) return undefined
    throw error
  }
}

/** What is declared is what `stable` was released from; `releases` oldest first. */
export function isSourceOf(stable: Revision | undefined, source: Declared, releases: Release[]): boolean {
  const release = releaseOf(stable, releases)
  return release ? sameSource(snapshotOf(release), source) : source.revision === stable
}

/** The Release of `stable` does not say what its configs contained. */
export function isToBeNoted(stable: Revision | undefined, releases: Release[]): boolean {
  const release = releaseOf(stable, releases)
  return release !== undefined && isUnnoted(snapshotOf(release))
}

/** The newest one of this revision. */
export const releaseOf = (revision: Revision | undefined, releases: Release[]): Release | undefined =>
  releases.findLast(({ spec }) => spec.revision === revision)
