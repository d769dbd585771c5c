import type { DecisionSpec } from '../../crds/decision.ts'
import { API_VERSION, LABEL } from '../../crds/names.ts'
import { DECISIONS } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import { createKube } from '../../kube/index.ts'
import type { Access } from './ground.ts'
import { ROLLOUT } from './shop.ts'

/** Ada may decide everything, Alice answers gates and stops releases, Bob looks. */
export type Person = 'ada' | 'alice' | 'bob'

/** Creates a Decision as somebody. Throws the API server's refusal. */
export function decideAs(
  person: Person,
  { kubeconfigs }: Pick<Access, 'kubeconfigs'>,
  namespace: string,
  spec: Omit<DecisionSpec, 'by' | 'rollout'> & Partial<DecisionSpec>,
): Promise<Decision> {
  const rollout = spec.rollout ?? ROLLOUT
  return createKube({ kubeconfig: kubeconfigs[person] }).create<Decision>(DECISIONS, {
    apiVersion: API_VERSION,
    kind: DECISIONS.kind,
    metadata: {
      name: '',
      generateName: `${rollout}-`,
      namespace,
      labels: { [LABEL.rollout]: rollout },
    } as Decision['metadata'],
    spec: { by: person, ...spec, rollout },
  })
}

/** What became of it, once somebody has written that; throws the sentence that refuses it. */
export function answerTo(decision: Decision, decisions: Decision[]): string | undefined {
  const { status } = decisions.find(({ metadata }) => metadata.uid === decision.metadata.uid) ?? decision
  if (status?.outcome === 'Refused') throw new Error(status.message)
  return status?.message
}
