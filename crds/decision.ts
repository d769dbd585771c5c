import { AUTHOR_CLAIM } from './guard-policy.ts'
import type { ObjectMeta } from './meta.ts'
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

type Said = { metadata: Pick<ObjectMeta, 'creationTimestamp'>; spec: Pick<DecisionSpec, 'release' | 'revision'> }
type Release = { metadata: Pick<ObjectMeta, 'creationTimestamp'>; spec: { number: number; revision: string } }

/** Decisions outlive their Rollout, and releases of one that has its name now have the same numbers. */
export const isAbout = ({ metadata, spec }: Said, release: Release): boolean =>
  spec.release === release.spec.number &&
  spec.revision === release.spec.revision &&
  momentOf(metadata) >= momentOf(release.metadata)

const momentOf = ({ creationTimestamp }: Pick<ObjectMeta, 'creationTimestamp'>): number =>
  creationTimestamp === undefined ? 0 : Date.parse(creationTimestamp)

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
