/** One step of a service's past, both versions of today taken together. */
export type Moment = {
  /** Requests, and bad ones among them. */
  n: number
  x: number
  /**
   * Requests by duration: `classes[j]` took at most `boundaries[j]` and more than the boundary before; the last class is
   * slower than all. Empty without latency.
   */
  classes: number[]
}

export type History = {
  /** Seconds per step. */
  step: number
  /** Epoch seconds at which the first step began. */
  from: number
  /** Milliseconds, rising. */
  boundaries: number[]
  /** In order, without holes; undefined where nothing is known. */
  moments: (Moment | undefined)[]
}

/** Sums over everything that is known, and how many steps that is. */
export type Totals = { n: number; x: number; known: number }

export function totalsOf({ moments }: History): Totals {
  const totals = { n: 0, x: 0, known: 0 }
  for (const moment of moments) {
    if (!moment) continue
    totals.n += moment.n
    totals.x += moment.x
    totals.known += 1
  }
  return totals
}

/** Requests slower than each boundary, from the classes. */
export function slowerThan(classes: readonly number[]): number[] {
  const slower: number[] = []
  let sum = 0
  for (let j = classes.length - 1; j > 0; j--) slower[j - 1] = sum += classes[j] ?? 0
  return slower
}

/** The share of a history's requests that is bad for a metric: failed, or slower than a boundary. */
export function badShareOf(history: History, boundary: number | undefined): number {
  if (boundary === undefined) {
    const { n, x } = totalsOf(history)
    return n === 0 ? 0 : x / n
  }
  const place = history.boundaries.indexOf(boundary)
  let all = 0
  let slow = 0
  for (const moment of history.moments) {
    if (!moment) continue
    all += moment.classes.reduce((sum, count) => sum + count, 0)
    slow += slowerThan(moment.classes)[place] ?? 0
  }
  return all === 0 ? 0 : slow / all
}
