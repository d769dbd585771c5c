import { isAbout } from '../../crds/decision.ts'
import type { Step } from '../../crds/plan.ts'
import type { Release } from '../../crds/schema/release.ts'
import { currentRelease, type Sight } from '../sight.ts'
import type { GateView } from '../views.ts'
import { rolloutView } from './rollout.ts'

/** The gate at which the release waits; undefined while it waits at none. Whether the caller may approve is added by whoever asks. */
export function gateView(sight: Sight): Omit<GateView, 'mayApprove'> | undefined {
  const { status } = sight.rollout
  const release = currentRelease(sight)
  if (status?.gate === undefined || !release) return undefined
  const { gate } = status
  const expiresAt = expiryOf(release, gate)
  return {
    rollout: rolloutView(sight),
    gate,
    approvals: approvalsOf(sight, release, gate),
    minimum: gateStep(release, gate)?.terms?.minimum ?? 1,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** What one wants to know before one answers. */
export function groundsOf({ spec: { provenance }, status }: Release): Pick<GateView, 'says' | 'evidence'> {
  const [says] = provenance.message?.split('\n') ?? []
  const { verdict } = status ?? {}
  return { ...(says ? { says } : {}), ...(verdict && verdict.row >= 0 ? { evidence: verdict.sentence } : {}) }
}

/** The gate as the plan has it. */
export function gateStep({ spec: { plan } }: Release, gate: string): Gate | undefined {
  const step = plan.steps.find((step) => step.kind === 'approve' && step.name === gate)
  return step?.kind === 'approve' ? step : undefined
}

type Gate = Extract<Step, { kind: 'approve' }>

/** Votes on the desk: what was applied let an earlier wait at this gate end, before a retreat. One per person. */
function approvalsOf({ decisions }: Sight, release: Release, gate: string): GateView['approvals'] {
  const first = new Map<string, string>()
  for (const decision of decisions) {
    const { spec: said, status, metadata } = decision
    if (said.action !== 'approve' || said.gate !== gate || !isAbout(decision, release)) continue
    if (status?.outcome !== 'Delivered') continue
    const at = metadata.creationTimestamp ?? status.at
    const known = first.get(said.by)
    if (known === undefined || Date.parse(at) < Date.parse(known)) first.set(said.by, at)
  }
  return [...first].map(([by, at]) => ({ by, at })).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

/** The gate waits from the moment at which it called for somebody. */
function expiryOf(release: Release, gate: string): string | undefined {
  const asked = release.status?.timeline?.findLast(({ event }) => event === 'ApprovalNeeded')
  const expiresAfterMs = gateStep(release, gate)?.expiresAfterMs
  if (!asked || expiresAfterMs === undefined) return undefined
  return new Date(Date.parse(asked.at) + expiresAfterMs).toISOString()
}
