import type { DecisionSpec } from '../crds/decision.ts'
import { API_VERSION, LABEL } from '../crds/names.ts'
import { DECISIONS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Caller } from './access.ts'
import { decisionView } from './view/decision.ts'
import { termsOf } from './view/gate.ts'
import type { DecisionRequest, DecisionView, Me } from './views.ts'

/**
 * Creates the Decision with the caller's own token: the API server refuses it, or knows who said it. `release` is the one
 * that is meant, where it is known: its gate says which groups count.
 */
export async function decide(
  caller: Pick<Caller, 'kube' | 'me'>,
  { namespace, name, request, release }: Asked,
): Promise<DecisionView> {
  const me = await caller.me()
  const groups = countingGroups(release, request.gate, me)
  const spec: DecisionSpec = {
    rollout: name,
    ...request,
    by: me.name,
    ...(groups.length > 0 ? { groups } : {}),
  }
  const object = {
    apiVersion: API_VERSION,
    kind: DECISIONS.kind,
    // The API server makes the name.
    metadata: { name: '', generateName: `${name}-`, namespace, labels: { [LABEL.rollout]: name } },
    spec,
  }
  return decisionView(await caller.kube.create<Decision>(DECISIONS, object))
}

type Asked = { namespace: string; name: string; request: DecisionRequest; release: Release | undefined }

/** Whether the gate counts what this person says. */
export function isAsked(release: Release | undefined, gate: string, me: Me): boolean {
  const wanted = groupsOf(release, gate)
  return wanted.length === 0 || countingGroups(release, gate, me).length > 0
}

/** Of all the groups of a person, a Decision names those that the gate asks for. */
function countingGroups(release: Release | undefined, gate: string | undefined, me: Me): string[] {
  const wanted = gate === undefined ? [] : groupsOf(release, gate)
  return me.groups.filter((group) => wanted.includes(group))
}

const groupsOf = (release: Release | undefined, gate: string): string[] =>
  (release && termsOf(release, gate)?.terms?.groups) ?? []
