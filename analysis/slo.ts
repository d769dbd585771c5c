import { borderOf } from './bisection.ts'
import { assertArm } from './cell.ts'
import { lnBeta } from './gamma.ts'
import { grid, logSumExp } from './grid.ts'

/** One arm against an objective: `x` bad of `n` requests, `pStar` the bad share that the objective allows, at most 0.5. */
export type SloOptions = { x: number; n: number; pStar: number; k: number }

/**
 * ln E: `E ≥ 1/α` at any time rejects "the bad share is at most p*" at level α. Analysis.md 3.5: an average over `k`
 * shares on [1.2p*, 0.9]. Throws RangeError for counts that are none and for a p* outside (0, 0.5].
 */
export function sloHarm({ x, n, pStar, k }: SloOptions): number {
  return openSloHarm({ pStar, k })(x, n)
}

/**
 * ln E: `E ≥ 1/β` at any time rejects "the bad share is at least p*" at level β. Analysis.md 3.5: an average over `k`
 * shares on [0.05p*, 0.95p*]. Throws as `sloHarm` does.
 */
export function belowSlo({ x, n, pStar, k }: SloOptions): number {
  return openBelowSlo({ pStar, k })(x, n)
}

/** ln E of counts that are asked for often. */
export type SloTest = (x: number, n: number) => number

/** `sloHarm` with its grid laid out once. */
export function openSloHarm({ pStar, k }: Pick<SloOptions, 'pStar' | 'k'>): SloTest {
  assertShare(pStar)
  return testOf(pStar, grid(1.2 * pStar, 0.9, k))
}

/** `belowSlo` with its grid laid out once. */
export function openBelowSlo({ pStar, k }: Pick<SloOptions, 'pStar' | 'k'>): SloTest {
  assertShare(pStar)
  return testOf(pStar, grid(0.05 * pStar, 0.95 * pStar, k))
}

/**
 * The largest bad share that `x` bad of `n` requests leave possible, any-time valid at level 1 − β: the Jeffreys
 * mixture of analysis.md 3.5. It takes the share for constant, so that it may size steps but never promote. 1 for n = 0.
 * Throws RangeError for counts that are none and for a β outside (0, 1).
 */
export function upperBound({ x, n, beta }: { x: number; n: number; beta: number }): number {
  assertArm(x, n)
  if (!(beta > 0 && beta < 1)) throw new RangeError(`beta has to lie between 0 and 1, not ${beta}`)
  if (x === n) return 1
  const limit = lnBeta([0.5 + x, 0.5 + n - x]) - Math.log(Math.PI) + Math.log(beta)
  const isPossible = (p: number): boolean => limit < (x === 0 ? 0 : x * Math.log(p)) + (n - x) * Math.log1p(-p)
  return borderOf(x / n, 1, isPossible)
}

function assertShare(pStar: number): void {
  if (!(pStar > 0 && pStar <= 0.5)) {
    throw new RangeError(`the bad share of an objective has to be above 0 and at most 0.5, not ${pStar}`)
  }
}

function testOf(pStar: number, shares: number[]): SloTest {
  const ofBad = shares.map((p) => Math.log(p / pStar))
  const ofGood = shares.map((p) => Math.log1p(-p) - Math.log1p(-pStar))
  const products = new Float64Array(shares.length)
  return (x, n) => {
    assertArm(x, n)
    for (let i = 0; i < products.length; i++) products[i] = x * (ofBad[i] ?? 0) + (n - x) * (ofGood[i] ?? 0)
    return logSumExp(products) - Math.log(products.length)
  }
}
