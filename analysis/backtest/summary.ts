import type { Outcome } from './replay.ts'

/** A share with its 95 % Wilson interval (Wilson 1927). */
export type Share = { count: number; of: number; share: number; lower: number; upper: number }

/** The median with a 95 % interval from order statistics, and the ninetieth percentile. */
export type Spread = { median: number; lower: number; upper: number; p90: number }

export type Summary = {
  replays: number
  rolledBack: Share
  promoted: Share
  undecided: Share
  /** Seconds from the first request to the rollback, of those rolled back. Absent when there is none. */
  secondsToRollback?: Spread
  /** Seconds to everything, of those promoted. */
  secondsToPromote?: Spread
  /** Bad canary requests until the end, of all. */
  failed: Spread & { mean: number }
}

/** Throws RangeError when there is nothing to sum up. */
export function summaryOf(outcomes: readonly Outcome[]): Summary {
  const of = outcomes.length
  if (of === 0) throw new RangeError('no replay was made')
  const ended = (end: Outcome['end']): Outcome[] => outcomes.filter((outcome) => outcome.end === end)
  const rolledBack = ended('rolledBack')
  const promoted = ended('promoted')
  const seconds = (some: Outcome[]): Spread => spreadOf(some.map((outcome) => outcome.seconds))
  return {
    replays: of,
    rolledBack: wilson(rolledBack.length, of),
    promoted: wilson(promoted.length, of),
    undecided: wilson(of - rolledBack.length - promoted.length, of),
    ...(rolledBack.length === 0 ? {} : { secondsToRollback: seconds(rolledBack) }),
    ...(promoted.length === 0 ? {} : { secondsToPromote: seconds(promoted) }),
    failed: {
      ...spreadOf(outcomes.map(({ failed }) => failed)),
      mean: outcomes.reduce((sum, { failed }) => sum + failed, 0) / of,
    },
  }
}

/** Of the normal distribution: 95 % lie within so many deviations. */
const Z = 1.959963984540054

/** `count` of `of`; the interval lies within [0, 1]. Throws RangeError for an empty sample. */
export function wilson(count: number, of: number): Share {
  if (!(of > 0 && count >= 0 && count <= of)) throw new RangeError(`no share of ${count} in ${of}`)
  const share = count / of
  const weight = Z ** 2 / of
  const middle = (share + weight / 2) / (1 + weight)
  const reach = (Z / (1 + weight)) * Math.sqrt((share * (1 - share)) / of + weight / (4 * of))
  return {
    count,
    of,
    share,
    lower: count === 0 ? 0 : Math.max(0, middle - reach),
    upper: count === of ? 1 : Math.min(1, middle + reach),
  }
}

function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (place: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, place))] ?? 0
  const n = sorted.length
  const reach = (Z * Math.sqrt(n)) / 2
  return {
    median: (at(Math.floor((n - 1) / 2)) + at(Math.floor(n / 2))) / 2,
    lower: at(Math.floor(n / 2 - reach) - 1),
    upper: at(Math.ceil(n / 2 + reach)),
    p90: at(Math.ceil(n * 0.9) - 1),
  }
}
