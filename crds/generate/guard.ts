import { DECISION_GUARD, guardBindingSpec, guardPolicySpec } from '../guard-policy.ts'
import { GUARD_BINDINGS, GUARD_POLICIES, type ResourceDescriptor } from '../resources.ts'

/** Who may create a Decision, and what becomes of it: the policy and its binding, in the order of the file. */
export const guardManifests = (): object[] => [
  guardObject(GUARD_POLICIES, guardPolicySpec),
  guardObject(GUARD_BINDINGS, guardBindingSpec),
]

const guardObject = ({ group, version, kind }: ResourceDescriptor, spec: object): object => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name: DECISION_GUARD },
  spec,
})
