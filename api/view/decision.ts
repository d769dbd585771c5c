import { isAbout } from '../../crds/decision.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { DecisionView } from '../views.ts'

/** Those about one release, newest first. */
export const decisionViews = (decisions: Decision[], release: Release): DecisionView[] =>
  decisions
    .filter((decision) => isAbout(decision, release))
    .map(decisionView)
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))

export function decisionView({ metadata, spec, status }: Decision): DecisionView {
  const { action, by, release, gate, reason } = spec
  return {
    name: metadata.name,
    action,
    by,
    ...(gate === undefined ? {} : { gate }),
    ...(reason === undefined ? {} : { reason }),
    at: metadata.creationTimestamp ?? new Date(0).toISOString(),
    ...(status ? { outcome: status.outcome, message: status.message } : {}),
    release,
  }
}
