import { assertCell, speaks, type Cells } from './cell.ts'
import { grid, logSumExp } from './grid.ts'
import { findRoot } from './root.ts'

export type RatioOptions = { rows: Cells; alpha: number; lo: number; hi: number; k: number; phi?: number }

/** `upper` and `mle` may be Infinity; without any bad event there is no `mle`. */
export type RatioInterval = { mle: number | undefined; lower: number; upper: number }

const OUTERMOST = 1e12
/** Beyond this logarithm doubles overflow, and nobody can tell the end from none. */
const FARTHEST = 300
const FIRST_STEP = Math.LN2

/** Of the intervals that people see; any-time valid, so that looking often costs nothing. */
export const LEVEL = 0.95

export const displayedInterval = (rows: Cells, phi: number): RatioInterval =>
  ratioInterval({ rows, alpha: 1 - LEVEL, lo: 0.01, hi: 100, k: 129, phi })

/**
 * How many times as bad the canary is: an interval that holds the true ratio at all times at once with probability
 * 1 − α, by analysis.md 3.4. Ends may lie outside the grid. Throws RangeError for cells that are no counts.
 */
export function ratioInterval({ rows, alpha, lo, hi, k, phi = 1 }: RatioOptions): RatioInterval {
  for (const cell of rows) assertCell(cell)
  const telling = rows.filter(speaks)
  const canary = telling.reduce((sum, [, , xc]) => sum + xc, 0)
  const total = telling.reduce((sum, [, , xc, xb]) => sum + xc + xb, 0)
  if (total === 0) return { mle: undefined, lower: 0, upper: Infinity }
  const likelihood = likelihoodOf(telling, canary, phi)
  const prior = grid(lo, hi, k)
  const level = logSumExp(prior.map((rho) => likelihood(Math.log(rho)))) - Math.log(prior.length) - Math.log(1 / alpha)
  const above = (lnRho: number): number => likelihood(lnRho) - level
  const mle = canary === 0 ? 0 : canary === total ? Infinity : mostLikely(telling, canary)
  const inside = Math.log(Math.min(Math.max(mle, 1 / OUTERMOST), OUTERMOST))
  return {
    mle,
    lower: canary === 0 ? 0 : edge(inside, -FIRST_STEP, above),
    upper: canary === total ? Infinity : edge(inside, FIRST_STEP, above),
  }
}

/** How well a ratio explains whose the bad events were, their number given: ln of its chance but for a constant; 0 for 0 and ∞. */
export function lnLikelihood(rows: Cells, rho: number): number {
  if (rho === 0 || rho === Infinity) return 0
  return rows.filter(speaks).reduce((sum, [nc, nb, xc, xb]) => {
    const all = nc * rho + nb
    return sum + xc * Math.log((nc * rho) / all) + xb * Math.log(nb / all)
  }, 0)
}

/** Factors lie far enough inside these bounds that a few more leave a product all its digits. */
const LARGE = 1e100
/** Bad events of a row up to which products are cheaper than a logarithm. */
const FEW = 8

/** L of analysis.md 3.4 at ln ρ. Logarithms are taken of products of many rows: they cost more than all the rest. */
function likelihoodOf(rows: Cells, canary: number, phi: number): (lnRho: number) => number {
  const share = Float64Array.from(rows, ([nc, nb]) => nc / (nc + nb))
  const rest = Float64Array.from(rows, ([nc, nb]) => nb / (nc + nb))
  const bad = Float64Array.from(rows, ([, , xc, xb]) => xc + xb)
  return (lnRho) => {
    const rho = Math.exp(lnRho)
    let lost = 0
    let product = 1
    for (let i = 0; i < bad.length; i++) {
      const factor = (rest[i] ?? 0) + (share[i] ?? 0) * rho
      const x = bad[i] ?? 0
      if (x > FEW || factor > LARGE || factor < 1 / LARGE) {
        lost += x * Math.log(factor)
        continue
      }
      for (let k = 0; k < x; k++) {
        product *= factor
        if (product < LARGE && product > 1 / LARGE) continue
        lost += Math.log(product)
        product = 1
      }
    }
    return (canary * lnRho - lost - Math.log(product)) / phi
  }
}

/** The score falls in ρ: its zero is the maximum. */
function mostLikely(rows: Cells, canary: number): number {
  const score = (lnRho: number): number => {
    const rho = Math.exp(lnRho)
    let expected = 0
    for (const [nc, nb, xc, xb] of rows) expected += ((xc + xb) * nc * rho) / (nb + nc * rho)
    return canary - expected
  }
  return score(0) < 0 ? edge(0, -FIRST_STEP, (lnRho) => -score(lnRho)) : edge(0, FIRST_STEP, score)
}

/** Walks in ln ρ from `inside`, where `f` is not negative, by ever larger steps until it is, and back to its zero. */
function edge(inside: number, firstStep: number, f: (lnRho: number) => number): number {
  let near = inside
  let step = firstStep
  while (f(near + step) > 0) {
    near += step
    if (Math.abs(near) > FARTHEST) return step > 0 ? Infinity : 0
    step *= 2
  }
  return Math.exp(findRoot({ f, lo: near, hi: near + step, tolerance: 1e-14, steps: 100 }))
}
