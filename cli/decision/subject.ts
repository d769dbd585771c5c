import type { Action, DecisionSpec } from '../../crds/decision.ts'
import type { GateTerms } from '../../crds/plan.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { Refusal } from '../failure.ts'
import { SELF } from '../self.ts'
import { phaseOf } from '../words.ts'

export type Subject = Pick<DecisionSpec, 'release' | 'revision' | 'gate'>

/** These are said about a release that is over, too. */
const AFTERWARDS: readonly Action[] = ['retry', 'rollback']

/** Bound to what the status says right now: a word about another release, revision or gate is refused. Throws `Refusal`. */
export function subjectOf(
  { metadata, status }: Rollout,
  releases: Release[],
  action: Action,
  asked: { release?: number; gate?: string },
): Subject {
  const name = `${metadata.namespace}/${metadata.name}`
  const last = AFTERWARDS.includes(action) ? status?.lastRelease : undefined
  const release = asked.release ?? status?.release ?? last?.number
  if (release === undefined) {
    throw new Refusal(
      AFTERWARDS.includes(action)
        ? `${name} has had no release yet: there is nothing to ${action}`
        : `no release of ${name} is under way: there is nothing to ${action}`,
    )
  }
  const revision =
    releases.find(({ spec }) => spec.number === release)?.spec.revision ??
    (release === status?.release ? status.canary : release === last?.number ? last?.revision : undefined)
  if (revision === undefined) throw new Refusal(`there is no release ${release} of ${name}`)
  if (action !== 'approve' && action !== 'reject') return { release, revision }
  const gate = asked.gate ?? status?.gate
  if (gate !== undefined) return { release, revision, gate }
  const where = [phaseOf(status), ...(status?.step ? [`step ${status.step}`] : [])].join(', ')
  throw new Refusal(
    `no gate of release ${release} of ${name} waits for a person (${where}): there is nothing to ${action}. ` +
      `See ${SELF} status ${metadata.name} -n ${metadata.namespace} --watch`,
  )
}

/** Who counts at the gate that is meant. */
export function termsOf(releases: Release[], { release, gate }: Subject): GateTerms | undefined {
  const steps = releases.find(({ spec }) => spec.number === release)?.spec.plan.steps ?? []
  const step = steps.find((step) => step.kind === 'approve' && step.name === gate)
  return step?.kind === 'approve' ? step.terms : undefined
}
