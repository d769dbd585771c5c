import type { Outcome } from '../crds/outcome.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import { sameSource, snapshotOf } from '../workload/revision.ts'
import type { Declared } from '../workload/declared.ts'
import type { RevisionState } from '../workload/workload.ts'

/** Where a release goes that brings back what served before: its pods still run, or only its Deployment is there. */
export type Return = 'warm' | 'kept'

/** Revisions that served before stable, the newest first, as many as `rollbackWindow` allows a return to. */
export function returnable(releases: Release[], stable: Revision | undefined, rollbackWindow: number): Set<Revision> {
  const promoted = releases.filter(({ status }) => status?.outcome === 'Promoted').map(({ spec }) => spec.revision)
  const served = [...new Set(promoted.reverse())].filter((revision) => revision !== stable)
  return new Set(served.slice(0, rollbackWindow))
}

type Seen = {
  source: Declared
  releases: Release[]
  revisions: RevisionState[]
  stable: Revision | undefined
  rollbackWindow: number
}

/** Undefined where what is declared is new, was judged otherwise since it served, or has no Deployment any more. */
export function returnOf(seen: Seen): Return | undefined {
  const { source, releases, revisions, stable, rollbackWindow } = seen
  const { revision } = source
  const state = revisions.find((each) => each.revision === revision)
  if (!state || stable === undefined || revision === stable) return undefined
  const judged = lastJudged(releases, revision)
  if (judged?.status?.outcome !== 'Promoted' || !sameSource(snapshotOf(judged), source)) return undefined
  if (state.replicas > 0) return 'warm'
  return returnable(releases, stable, rollbackWindow).has(revision) ? 'kept' : undefined
}

/** What a person's `rollback` goes to: what served last before stable, was not judged otherwise since, and is still there. */
export function previousOf({
  releases,
  revisions,
  stable,
  rollbackWindow,
}: Omit<Seen, 'source'>): Revision | undefined {
  const kept = returnable(releases, stable, rollbackWindow)
  return [...returnable(releases, stable, Infinity)].find((revision) => {
    const state = revisions.find((each) => each.revision === revision)
    return (
      state &&
      lastJudged(releases, revision)?.status?.outcome === 'Promoted' &&
      (state.replicas > 0 || kept.has(revision))
    )
  })
}

/** How many releases in a row, the last one among them, made way for a newer revision. */
export function supersessions(releases: Release[]): number {
  const ended = releases.filter(({ status }) => status?.outcome !== undefined)
  return ended.length - 1 - ended.findLastIndex(({ status }) => status?.outcome !== 'Superseded')
}

const lastJudged = (releases: Release[], revision: Revision): Release | undefined =>
  releases.findLast(({ spec, status }) => spec.revision === revision && isJudged(status?.outcome))

const isJudged = (outcome: Outcome | undefined): boolean =>
  outcome === 'Promoted' || outcome === 'RolledBack' || outcome === 'Aborted'
