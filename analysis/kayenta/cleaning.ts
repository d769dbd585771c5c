export type Cleaning = {
  /** What is no number: left out, or taken for 0. Default `remove`. */
  nan?: 'remove' | 'replace'
  /** `remove` leaves out what lies far outside the quartiles. Default `keep`. */
  outliers?: 'keep' | 'remove'
}

/** Analysis.md 10, step 1. */
export function cleaned(values: readonly number[], { nan = 'remove', outliers = 'keep' }: Cleaning): number[] {
  const numbers =
    nan === 'remove' ? values.filter(Number.isFinite) : values.map((value) => (Number.isFinite(value) ? value : 0))
  return outliers === 'keep' || numbers.length === 0 ? numbers : withoutOutliers(numbers)
}

const FAR = 3

function withoutOutliers(values: number[]): number[] {
  const ascending = values.toSorted((a, b) => a - b)
  const [p1, q1, q3, p99] = [0.01, 0.25, 0.75, 0.99].map((share) => quantile(ascending, share)) as Four
  const least = Math.min(p1, q1 - FAR * (q3 - q1))
  const most = Math.max(p99, q3 + FAR * (q3 - q1))
  return values.filter((value) => value >= least && value <= most)
}

type Four = [number, number, number, number]

/** R's type 7 of values in ascending order. */
function quantile(ascending: number[], share: number): number {
  const place = (ascending.length - 1) * share
  const below = ascending[Math.floor(place)] ?? NaN
  const above = ascending[Math.ceil(place)] ?? NaN
  return below + (place - Math.floor(place)) * (above - below)
}
