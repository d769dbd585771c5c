import { DECISION_GUARD, ENGINE_NAMESPACE, guardBindingSpec, guardPolicySpec, NOT_YOU } from './guard-policy.ts'
import type { ObjectMeta } from './meta.ts'
import { API_VERSION, LABEL } from './names.ts'
import { DECISIONS, GUARD_BINDINGS, GUARD_POLICIES, type ResourceDescriptor } from './resources.ts'

/** An admission policy, or its binding, as it is stored. */
type Stored = { apiVersion: string; kind: string; metadata: ObjectMeta; spec?: unknown }

export type ReadGuard = {
  /** What the API server has against an object that somebody wants to create; undefined when it would take it. */
  objection(resource: ResourceDescriptor, object: Forged): Promise<string | undefined>
  /** Undefined when there is no such object. */
  get(ref: { resource: ResourceDescriptor; name: string }): Promise<Stored | undefined>
}

/** A policy is in force a few seconds after it was written, and what slips in before looks like any other. */
const IN_FORCE_AFTER_MS = 10_000

/**
 * Why the API server does not vouch for a Decision, as a sentence; undefined when the shipped policy and its Deny binding
 * were in force when it was created, as far as that can be told: they are stored since before, and a forged one is refused
 * by them now. `createdAt`: its creationTimestamp. Throws what `read` throws.
 */
export async function whyUnguarded(read: ReadGuard, createdAt: string | undefined): Promise<string | undefined> {
  const [policy, binding] = await Promise.all(
    [GUARD_POLICIES, GUARD_BINDINGS].map((resource) => read.get({ resource, name: DECISION_GUARD })),
  )
  const fault =
    faultOf(GUARD_POLICIES, policy, guardPolicySpec) ?? faultOf(GUARD_BINDINGS, denying(binding), guardBindingSpec)
  if (fault !== undefined) return `no Decision counts: ${fault}; apply deploy/base of this engine`
  const since = Math.max(...[policy, binding].map((object) => (object ? writtenAt(object.metadata) : Infinity)))
  if (Date.parse(createdAt ?? '') >= since + IN_FORCE_AFTER_MS) return whyForgeable(read)
  return `the admission policy ${DECISION_GUARD} was written ${new Date(since).toISOString()}, and this Decision is not ${IN_FORCE_AFTER_MS / 1_000} s younger: create it again`
}

type Forged = typeof FORGED

/** In the name of somebody else, about nothing: it goes nowhere, even where nobody refuses it. */
const FORGED = {
  apiVersion: API_VERSION,
  kind: DECISIONS.kind,
  metadata: { name: 'sluice-forged', namespace: ENGINE_NAMESPACE, labels: { [LABEL.rollout]: 'sluice-forged' } },
  spec: { rollout: 'sluice-forged', release: 1, revision: '0000000000', action: 'abort', by: 'somebody-else' },
}
const REFUSED = `ValidatingAdmissionPolicy '${DECISION_GUARD}' with binding '${DECISION_GUARD}' denied request: ${NOT_YOU}`

/** What is stored need not be what the API server does: it may not have heard of it yet, or not look at policies at all. */
async function whyForgeable(read: ReadGuard): Promise<string | undefined> {
  const said = await read.objection(DECISIONS, FORGED)
  if (said?.includes(REFUSED)) return undefined
  if (said === undefined)
    return `no Decision counts: the API server would take one in the name of somebody else, although the admission policy ${DECISION_GUARD} is there; its admission plugin ValidatingAdmissionPolicy has to be on`
  return `no Decision counts: a forged one is not refused by the admission policy ${DECISION_GUARD}, but with "${said}"; apply deploy/base of this engine`
}

/** What a binding does beside denying takes nothing from it. */
function denying(binding: Stored | undefined): Stored | undefined {
  const spec = binding?.spec as { validationActions?: string[] } | undefined
  if (!binding || !spec) return binding
  return { ...binding, spec: { ...spec, validationActions: spec.validationActions?.filter((one) => one === 'Deny') } }
}

function faultOf({ kind }: ResourceDescriptor, stored: Stored | undefined, shipped: object): string | undefined {
  const what = `${kind} ${DECISION_GUARD}`
  if (!stored) return `there is no ${what}`
  if (stored.metadata.deletionTimestamp !== undefined) return `${what} is being deleted`
  return canonical(stored.spec) === canonical(shipped) ? undefined : `${what} is not the one that this engine ships`
}

/** Epoch milliseconds of the last write to what an object declares. What others note in its status is none. */
function writtenAt({ creationTimestamp = '', managedFields = [] }: ObjectMeta): number {
  const writes = managedFields.flatMap(({ time, subresource }) => (time && !subresource ? [Date.parse(time)] : []))
  return Math.max(Date.parse(creationTimestamp), ...writes)
}

/** In one order, and without what is empty: `{}`, `[]` and nothing say the same here, and the API server adds them. */
function canonical(value: unknown): string {
  return JSON.stringify(sifted(value)) ?? ''
}

function sifted(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => sifted(item) ?? null)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, sifted(inner)] as const)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
