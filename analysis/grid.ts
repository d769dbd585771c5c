/** `k` log-spaced points from `lo` to `hi`, both included: `exp(ln lo + (ln hi − ln lo)·i/(k−1))`. Throws unless 0 < lo < hi and k ≥ 2. */
export function grid(lo: number, hi: number, k: number): number[] {
  if (!(lo > 0) || !(hi > lo) || !Number.isFinite(hi))
    throw new RangeError(`a grid needs 0 < lo < hi, not ${lo} and ${hi}`)
  if (!Number.isInteger(k) || k < 2) throw new RangeError(`a grid has at least two points, not ${k}`)
  const from = Math.log(lo)
  const width = Math.log(hi) - from
  return Array.from({ length: k }, (_, i) => Math.exp(from + (width * i) / (k - 1)))
}

/** Terms this far below the largest do not reach the last digit of the sum, and an `exp` costs more than all the rest. */
const NOTHING = -40

/** ln Σ e^x without overflow; −∞ for no values. */
export function logSumExp(values: ArrayLike<number>): number {
  let most = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? -Infinity
    if (value > most) most = value
  }
  if (most === -Infinity) return most
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const below = (values[i] ?? -Infinity) - most
    if (below > NOTHING) sum += Math.exp(below)
  }
  return most + Math.log(sum)
}
