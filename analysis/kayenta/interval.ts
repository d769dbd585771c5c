import { twoSidedQuantile } from '../normal.ts'
import { findRoot } from '../root.ts'

export type Samples = { control: readonly number[]; experiment: readonly number[] }

/** By how much the experiment lies above the control. */
export type ShiftInterval = { lower: number; upper: number; estimate: number }

/**
 * The Mann-Whitney confidence interval of the shift, as R's `wilcox.test` approximates it: ties and continuity
 * corrected, ends found by `uniroot` to about 1e-4 (analysis.md 10, step 3). `confidence` in (0, 1); 0.98 is Kayenta's.
 * Where each side is constant, both ends are the difference. Throws RangeError for an empty side, for values that are
 * not finite, and for a bad confidence.
 */
export function mannWhitney({ control, experiment, confidence }: Samples & { confidence: number }): ShiftInterval {
  const z = twoSidedQuantile(confidence)
  const x = sorted(experiment, 'the experiment')
  const y = sorted(control, 'the control')
  const lo = first(x) - last(y)
  const hi = last(x) - first(y)
  if (lo === hi) return { lower: lo, upper: lo, estimate: lo }
  const atLo = standardised(x, y, lo)
  const atHi = standardised(x, y, hi)
  const root = (q: number): number =>
    findRoot({ f: (shift) => standardised(x, y, shift) - q, lo, hi, tolerance: 1e-4, steps: 1_001 })
  const end = (q: number): number => (atLo - q <= 0 ? lo : atHi - q >= 0 ? hi : root(q))
  return { lower: end(z), upper: end(-z), estimate: root(0) }
}

/** The sum of the ranks of `x` among both, ties at their average, and Σ(t³ − t) over the ties. Both ascending. */
export function rankSum(x: Float64Array, y: Float64Array, shift: number): { ranks: number; ties: number } {
  let ranks = 0
  let ties = 0
  let i = 0
  let j = 0
  while (i < x.length) {
    const value = (x[i] ?? 0) - shift
    while (j < y.length && (y[j] ?? 0) < value) {
      const same = run(y, j, y[j] ?? 0, 0)
      ties += same ** 3 - same
      j += same
    }
    const inX = run(x, i, value, shift)
    const inY = run(y, j, value, 0)
    const same = inX + inY
    ranks += inX * (i + j + (same + 1) / 2)
    ties += same ** 3 - same
    i += inX
    j += inY
  }
  while (j < y.length) {
    const same = run(y, j, y[j] ?? 0, 0)
    ties += same ** 3 - same
    j += same
  }
  return { ranks, ties }
}

/** Ascending. Throws RangeError if there is none, or one is not finite. */
export function sorted(values: readonly number[], name: string): Float64Array {
  if (values.length === 0) throw new RangeError(`${name} has no values`)
  if (!values.every(Number.isFinite)) throw new RangeError(`${name} has values that are not finite`)
  return Float64Array.from(values).sort()
}

/** How many values from `from` on equal `value` once `shift` is taken off. */
function run(values: Float64Array, from: number, value: number, shift: number): number {
  let to = from
  while (to < values.length && (values[to] ?? 0) - shift === value) to++
  return to - from
}

/** Z(μ): falls in steps from `lo` to `hi`. */
function standardised(x: Float64Array, y: Float64Array, shift: number): number {
  const m = x.length
  const n = y.length
  const { ranks, ties } = rankSum(x, y, shift)
  const above = ranks - (m * (m + 1)) / 2 - (m * n) / 2
  const variance = ((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1)))
  return (above - Math.sign(above) / 2) / Math.sqrt(variance)
}

const first = (values: Float64Array): number => values[0] ?? NaN
const last = (values: Float64Array): number => values[values.length - 1] ?? NaN
