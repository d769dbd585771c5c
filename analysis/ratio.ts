import { assertCell, speaks, type Cells } from './cell.ts'
import { grid, logSumExp } from './grid.ts'

export type RatioOptions = { rows: Cells; alpha: number; lo: number; hi: number; k: number; phi?: number }

/** `upper` and `mle` may be Infinity; without any bad event there is no `mle`. */
export type RatioInterval = { mle: number | undefined; lower: number; upper: number }

const OUTERMOST = 1e12
/** Beyond this logarithm doubles overflow, and nobody can tell the end from none. */
const FARTHEST = 300

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
  const level = logSumExp(prior.map(likelihood)) - Math.log(prior.length) - Math.log(1 / alpha)
  const outside = (rho: number): boolean => likelihood(rho) <= level
  const mle = canary === 0 ? 0 : canary === total ? Infinity : mostLikely(telling, canary)
  const inside = Math.min(Math.max(mle, 1 / OUTERMOST), OUTERMOST)
  return {
    mle,
    lower: canary === 0 ? 0 : edge(inside, 0.5, outside),
    upper: canary === total ? Infinity : edge(inside, 2, outside),
  }
}

/** L(ρ) of analysis.md 3.4. */
const likelihoodOf =
  (rows: Cells, canary: number, phi: number) =>
  (rho: number): number => {
    let lost = 0
    for (const [nc, nb, xc, xb] of rows) lost += (xc + xb) * Math.log((nb + nc * rho) / (nc + nb))
    return (canary * Math.log(rho) - lost) / phi
  }

/** The score falls in ρ: its zero is the maximum. */
function mostLikely(rows: Cells, canary: number): number {
  const falling = (rho: number): boolean => {
    let expected = 0
    for (const [nc, nb, xc, xb] of rows) expected += ((xc + xb) * nc * rho) / (nb + nc * rho)
    return expected > canary
  }
  return falling(1) ? edge(1, 0.5, (rho) => !falling(rho)) : edge(1, 2, falling)
}

/** Walks from `inside` by ever larger steps until it is out, then halves the last step down to the last digits. */
function edge(inside: number, factor: number, isOut: (rho: number) => boolean): number {
  let near = Math.log(inside)
  let step = Math.log(factor)
  while (!isOut(Math.exp(near + step))) {
    near += step
    if (Math.abs(near) > FARTHEST) return step > 0 ? Infinity : 0
    step *= 2
  }
  let far = near + step
  for (let i = 0; i < 60; i++) {
    const middle = (near + far) / 2
    if (isOut(Math.exp(middle))) far = middle
    else near = middle
  }
  return Math.exp((near + far) / 2)
}
