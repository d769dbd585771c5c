import { isRejected } from '../crds/outcome.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { isUnnoted, type Declared } from '../workload/declared.ts'
import { sameSource, snapshotOf, type Remembering } from '../workload/revision.ts'

/** What the controller keeps of a Release. */
export type ReleaseRecord = Pick<Release, 'apiVersion' | 'kind' | 'metadata' | 'spec'> & Pick<Remembering, 'status'>

export type Declaration = {
  revision: Revision
  /** Equal to the snapshot of stable, read through the same API server. */
  isStable: boolean
  /** Rolled back or aborted before; it does not start again by itself. */
  rejected: boolean
  /** What the configs of stable contain is still to be noted. */
  isUnnoted: boolean
}

/** What the Rollout declares, seen against what serves and what was refused. */
export function declarationOf(rollout: Rollout, source: Declared, releases: ReleaseRecord[]): Declaration {
  const { stable, lastRelease: last } = rollout.status ?? {}
  const { revision } = source
  const serving = newest(releases.filter((release) => release.spec.revision === stable))
  const snapshot = serving && snapshotOf(serving)
  const isStable = snapshot ? sameSource(snapshot, source) : revision === stable
  const seen = { revision, isStable, isUnnoted: isStable && snapshot !== undefined && isUnnoted(snapshot) }
  if (!last || !isRejected(last)) return { ...seen, rejected: false }
  const refused = releases.find((release) => release.spec.number === last.number)
  const rejected = refused ? sameSource(snapshotOf(refused), source) : revision === last.revision
  return { ...seen, rejected: rejected && !isStable }
}

const newest = (releases: ReleaseRecord[]): ReleaseRecord | undefined =>
  releases.toSorted((a, b) => b.spec.number - a.spec.number)[0]
