import { AUTHOR_CLAIM } from './guard-policy.ts'
import type { GateTerms } from './plan.ts'

export const ACTIONS = [
  'approve',
  'reject',
  'promote',
  'step',
  'abort',
  'pause',
  'resume',
  'retry',
  'rollback',
  'eject',
] as const

export type Action = (typeof ACTIONS)[number]

/** A person's word, bound to one release and (for a gate) one gate. The Temporal Update carries exactly this. */
export type DecisionSpec = {
  rollout: string
  release: number
  revision: string
  gate?: string
  action: Action
  by: string
  groups?: string[]
  /** What the API server knows of the person under `AUTHOR_CLAIM`: the address in their commits. */
  claim?: string
  reason?: string
}

/** What the API server says of a person. */
type Person = { name: string; groups: string[]; extra: Record<string, string[]> }

/** Of everything that a person is, a Decision names what the gate asks for. */
export function countingPart(
  { name, groups, extra }: Person,
  terms: GateTerms | undefined,
): Pick<DecisionSpec, 'by' | 'groups' | 'claim'> {
  const asked = groups.filter((group) => terms?.groups?.includes(group))
  // Of several nobody knows which one commits carry.
  const [only, ...others] = terms?.notBy === undefined ? [] : (extra[AUTHOR_CLAIM] ?? [])
  const claim = others.length === 0 ? only : undefined
  return { by: name, ...(asked.length > 0 ? { groups: asked } : {}), ...(claim === undefined ? {} : { claim }) }
}
