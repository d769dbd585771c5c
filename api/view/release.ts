import type { Release } from '../../crds/schema/release.ts'
import type { ReleaseView, RowView } from '../views.ts'

export type ReleaseContext = {
  /** From the ledger; a Release that ended is kept without it. */
  rows: RowView[]
  workflowUrl?: string | undefined
}

/** Everything that is known of one release. */
export function releaseView({ spec, status = {} }: Release, { rows, workflowUrl }: ReleaseContext): ReleaseView {
  const { number, revision, from, plan, provenance } = spec
  const { outcome, startedAt, endedAt, message, skipped, verdict } = status
  return {
    number,
    revision,
    ...(from === undefined ? {} : { from }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    plan,
    stepIndex: status.stepIndex ?? 0,
    ...(skipped === undefined ? {} : { skipped }),
    weight: status.weight ?? 0,
    ...(message === undefined ? {} : { message }),
    ...(verdict === undefined ? {} : { verdict }),
    timeline: status.timeline ?? [],
    rows,
    provenance: { ...provenance, images: provenance.images ?? [] },
    ...(workflowUrl === undefined ? {} : { workflowUrl }),
  }
}
