import { currentRelease, type Sight } from '../../api/sight.ts'
import { decisionViews } from '../../api/view/decision.ts'
import { eventViews } from '../../api/view/event.ts'
import { gateView } from '../../api/view/gate.ts'
import { podViews } from '../../api/view/pod.ts'
import { releaseView } from '../../api/view/release.ts'
import { rolloutView } from '../../api/view/rollout.ts'
import { rowsOf } from '../../api/view/rows.ts'
import type { GateView, Me, ReleasePage, ReleaseView, RolloutView } from '../../api/views.ts'
import { ACTIONS, type Action } from '../../crds/decision.ts'
import type { Release } from '../../crds/schema/release.ts'

/** Somebody who looks, and what Kubernetes would let them decide. */
export type Person = { me: Me; may: readonly Action[] }

export const fleetViews = (sights: Sight[]): RolloutView[] => sights.map((sight) => rolloutView(sight))

export const gateViews = (sights: Sight[], { may }: Person): GateView[] =>
  sights.flatMap((sight) => {
    const gate = gateView(sight)
    return gate ? [{ ...gate, mayApprove: may.includes('approve') }] : []
  })

export const releaseViews = ({ releases }: Sight): ReleaseView[] => releases.map(viewOf).reverse()

export function pageView(sight: Sight, { may }: Person): ReleasePage {
  const rollout = rolloutView(sight)
  const release = currentRelease(sight)
  return {
    rollout,
    ...(release ? { release: viewOf(release) } : {}),
    pods: podViews(sight.pods, [rollout.canary, rollout.stable]),
    events: eventViews(sight.events),
    decisions: decisionViews(sight.decisions, rollout.release),
    may: Object.fromEntries(ACTIONS.map((action) => [action, may.includes(action)])),
  }
}

const viewOf = (release: Release): ReleaseView =>
  releaseView(release, {
    rows: release.status?.ledger === undefined ? [] : rowsOf(release.status.ledger),
    workflowUrl: `https://temporal.example/namespaces/default/workflows/local%2F${release.metadata.namespace}%2F${release.spec.rollout}`,
  })
