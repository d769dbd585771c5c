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

/** What became of a release after its end: its revision is no longer declared, or somebody went back, on the route itself or by `rollback`. */
export const SEQUELS = ['withdrawn', 'abortedOnRoute', 'rolledBack'] as const

export type Ended = { outcome: Outcome; since?: (typeof SEQUELS)[number] }

/** A rejected revision starts again only by a person's `retry`, or after another revision was declared. */
export const isRejected = ({ outcome, since }: Ended): boolean =>
  since === undefined ? outcome === 'RolledBack' || outcome === 'Aborted' : since !== 'withdrawn'

/** As in "release 3 is promoted already". */
export function endOf({ outcome, since }: Ended): string {
  if (since !== undefined && since !== 'withdrawn') return 'rolled back'
  return outcome === 'RolledBack' ? 'rolled back' : outcome.toLowerCase()
}
