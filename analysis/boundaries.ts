/** Shares of slower requests between which a boundary tells something, and how many are watched above those. */
const TELLING = { least: 1e-4, most: 0.95 }
const TAIL = 2

export type WatchedOptions = {
  /** Milliseconds, as declared. */
  slowerThanMs: number
  /** Milliseconds: those that the histograms have. */
  existing: readonly number[]
  /** Share of the baseline's requests that are slower than a boundary, 0 to 1; undefined where nobody knows. */
  slowerShare: (boundaryMs: number) => number | undefined
  /** So many at most, ≥ 1: the declared one first, then from the top down. */
  most: number
}

/**
 * The boundaries that a latency metric watches, rising (analysis.md 3.7): the declared one moved up to the next that
 * exists, every one that the baseline exceeds now and then, and two above those for what it does not do yet. Empty where
 * none exists at or above the declared one.
 */
export function watchedBoundaries({ slowerThanMs, existing, slowerShare, most }: WatchedOptions): number[] {
  const rising = [...new Set(existing)].filter(Number.isFinite).sort((a, b) => a - b)
  const declared = rising.find((boundary) => boundary >= slowerThanMs)
  if (declared === undefined) return []
  const telling = rising.filter((boundary) => tells(slowerShare(boundary)))
  const highest = telling.at(-1)
  const tail = highest === undefined ? [] : rising.filter((boundary) => boundary > highest).slice(0, TAIL)
  const others = [...telling, ...tail].filter((boundary) => boundary !== declared)
  return [declared, ...others.toReversed().slice(0, most - 1)].sort((a, b) => a - b)
}

const tells = (share: number | undefined): boolean =>
  share !== undefined && share > TELLING.least && share < TELLING.most
