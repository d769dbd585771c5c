export type RootOptions = {
  f: (at: number) => number
  lo: number
  hi: number
  /** Of the place, not of the value. */
  tolerance: number
  steps: number
}

/** One end of the bracket and the value there. */
type Point = { at: number; value: number }

/**
 * A root of `f` between `lo` and `hi`, where it has opposite signs: Brent's method (1973) in the arrangement of R's
 * `uniroot`. On a step function the place depends on every step that the method takes, so that its order is kept.
 */
export function findRoot({ f, lo, hi, tolerance, steps }: RootOptions): number {
  let previous: Point = { at: lo, value: f(lo) }
  let best: Point = { at: hi, value: f(hi) }
  let opposite = previous
  if (previous.value === 0) return lo
  for (let left = steps; left > 0 && best.value !== 0; left--) {
    const lastStep = best.at - previous.at
    if (Math.abs(opposite.value) < Math.abs(best.value)) [previous, best, opposite] = [best, opposite, best]
    const least = 2 * Number.EPSILON * Math.abs(best.at) + tolerance / 2
    const half = (opposite.at - best.at) / 2
    if (Math.abs(half) <= least) break
    const isProgress = Math.abs(lastStep) >= least && Math.abs(previous.value) > Math.abs(best.value)
    const step = (isProgress ? interpolated(previous, best, opposite, lastStep, least) : undefined) ?? half
    const at = best.at + (Math.abs(step) >= least ? step : step > 0 ? least : -least)
    previous = best
    best = { at, value: f(at) }
    if (best.value * opposite.value > 0) opposite = previous
  }
  return best.at
}

/** A step by inverse quadratic or linear interpolation; undefined where it would lead too far. */
function interpolated(
  previous: Point,
  best: Point,
  opposite: Point,
  lastStep: number,
  least: number,
): number | undefined {
  const width = opposite.at - best.at
  const ratio = best.value / previous.value
  let p = width * ratio
  let q = 1 - ratio
  if (previous.at !== opposite.at) {
    const a = previous.value / opposite.value
    const b = best.value / opposite.value
    p = ratio * (width * a * (a - b) - (best.at - previous.at) * (b - 1))
    q = (a - 1) * (b - 1) * (ratio - 1)
  }
  if (p > 0) q = -q
  else p = -p
  const isNear = p < 0.75 * width * q - Math.abs(least * q) / 2 && p < Math.abs((lastStep * q) / 2)
  return isNear ? p / q : undefined
}
