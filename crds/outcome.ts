/** How a release can end. The outcome is final: nothing that happens later changes it. */
export const OUTCOMES = [
  /** The revision became stable. */
  'Promoted',
  /** Its evidence, its pods or the deadline spoke against it. */
  'RolledBack',
  /** A person said so: abort, reject, or the route set to stable by hand. */
  'Aborted',
  /** The declaration went back to stable before the promotion. */
  'Withdrawn',
  /** A newer revision was declared before the promotion. */
  'Superseded',
] as const

export type Outcome = (typeof OUTCOMES)[number]

/** A rejected revision starts again only by a person's `retry`, or after another revision was declared. */
export const isRejected = (outcome: Outcome): boolean => outcome === 'RolledBack' || outcome === 'Aborted'
