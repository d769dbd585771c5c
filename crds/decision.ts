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
