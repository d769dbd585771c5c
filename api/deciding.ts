import { countingPart, type DecisionSpec } from '../crds/decision.ts'
import { API_VERSION, LABEL } from '../crds/names.ts'
import type { GateTerms } from '../crds/plan.ts'
import { DECISIONS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Identity } from '../kube/index.ts'
import type { Caller } from './access.ts'
import { decisionView } from './view/decision.ts'
import { gateStep } from './view/gate.ts'
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

/** Whether the gate counts what this person says, as far as can be told here; the engine decides. */
export function isAsked(release: Release | undefined, gate: string, who: Identity): boolean {
  const terms = termsOf(release, gate)
  const { groups = [], claim } = countingPart(who, terms)
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(who.name)
  if (account) return terms?.serviceAccounts?.includes(`${account[1]}/${account[2]}`) === true
  if ((terms?.groups?.length ?? 0) > 0 && groups.length === 0) return false
  return terms?.notBy === undefined || claim !== undefined
}

const termsOf = (release: Release | undefined, gate: string): GateTerms | undefined =>
  release && gateStep(release, gate)?.terms
