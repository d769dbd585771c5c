import type { ReleaseView } from '../../api/views.ts'

export type Standing = 'done' | 'now' | 'ahead' | 'skipped' | 'failed'

/** Where each step of a plan stands, and after them the promotion. */
export function standings(release: Pick<ReleaseView, 'plan' | 'outcome' | 'stepIndex' | 'skipped'>): Standing[] {
  const { plan, outcome, skipped = [] } = release
  const { length } = plan.steps
  const now = outcome === 'Promoted' ? length : release.stepIndex
  const here = outcome === undefined ? 'now' : outcome === 'Promoted' ? 'done' : 'failed'
  return Array.from({ length: length + 1 }, (_, index): Standing => {
    if (index === now) return here
    if (index > now) return 'ahead'
    return skipped.includes(index) ? 'skipped' : 'done'
  })
}
