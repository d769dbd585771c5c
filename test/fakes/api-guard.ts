import { DECISION_GUARD, ENGINE_USER } from '../../crds/guard-policy.ts'
import { DECISIONS, GUARD_BINDINGS, GUARD_POLICIES, type ResourceDescriptor } from '../../crds/resources.ts'
import type { Json } from './api-merge.ts'
import { Refusal, type Place, type Store } from './api-store.ts'

/** What the policy for Decisions says first, where it and its binding are there; whoever creates one is the engine. */
export function admit(store: Store, { collection }: Place, body: Json): void {
  const { by } = (body as { spec?: { by?: string } }).spec ?? {}
  if (collection !== collectionOf(DECISIONS) || by === ENGINE_USER) return
  const isThere = (resource: ResourceDescriptor): boolean =>
    store.list({ collection: collectionOf(resource) }).some(({ metadata }) => metadata.name === DECISION_GUARD)
  if (![GUARD_POLICIES, GUARD_BINDINGS].every(isThere)) return
  const words = `ValidatingAdmissionPolicy '${DECISION_GUARD}' with binding '${DECISION_GUARD}' denied request: spec.by must be you: ${ENGINE_USER}`
  throw new Refusal(403, 'Forbidden', `decisions.sluice.dev is forbidden: ${words}`)
}

const collectionOf = ({ group, version, plural }: ResourceDescriptor): string => `${group}/${version}/${plural}`
