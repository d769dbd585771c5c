import { countingPart, type DecisionSpec } from '../crds/decision.ts'
import { API_VERSION, LABEL } from '../crds/names.ts'
import type { GateTerms } from '../crds/plan.ts'
import { DECISIONS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import { whyNoVote } from '../crds/vote.ts'
import type { Identity } from '../kube/index.ts'
import type { Caller } from './access.ts'
import { currentRelease, type Sight } from './sight.ts'
import { decisionView } from './view/decision.ts'
import { gateStep, gateView } from './view/gate.ts'
import type { DecisionRequest, DecisionView } from './views.ts'

type Asked = { namespace: string; name: string; request: DecisionRequest; release: Release | undefined }

/**
 * Creates the Decision with the caller's own token: the API server refuses it, or knows who said it. `release` is the one
 * that is meant, where it is known: its gate says what of a person's identity counts.
 */
export async function decide(
  caller: Pick<Caller, 'kube' | 'me'>,
  { namespace, name, request, release }: Asked,
): Promise<DecisionView> {
  const terms = request.gate === undefined ? undefined : termsOf(release, request.gate)
  const spec: DecisionSpec = { rollout: name, ...request, ...countingPart(await caller.me(), terms) }
  const object = {
    apiVersion: API_VERSION,
    kind: DECISIONS.kind,
    // The API server makes the name.
    metadata: { name: '', generateName: `${name}-`, namespace, labels: { [LABEL.rollout]: name } },
    spec,
  }
  return decisionView(await caller.kube.create<Decision>(DECISIONS, object))
}

/** Why the engine would not count an approval of this person at the gate that waits; undefined where it would, or none waits. */
export function whyNotCounted(sight: Sight, who: Identity): string | undefined {
  const release = currentRelease(sight)
  const waiting = gateView(sight)
  if (!release || !waiting) return undefined
  const terms = termsOf(release, waiting.gate)
  const { author } = release.spec.provenance
  const gate = { name: waiting.gate, ...(terms ? { terms } : {}), ...(author === undefined ? {} : { author }) }
  return whyNoVote(gate, waiting.approvals, countingPart(who, terms))
}

const termsOf = (release: Release | undefined, gate: string): GateTerms | undefined =>
  release && gateStep(release, gate)?.terms
