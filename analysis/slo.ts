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
  assertShare(pStar)
  return lnEvidence({ x, n, pStar, shares: grid(1.2 * pStar, 0.9, k) })
}

/**
 * ln E: `E ≥ 1/β` at any time rejects "the bad share is at least p*" at level β. Analysis.md 3.5: an average over `k`
 * shares on [0.05p*, 0.95p*]. Throws as `sloHarm` does.
 */
export function belowSlo({ x, n, pStar, k }: SloOptions): number {
  assertShare(pStar)
  return lnEvidence({ x, n, pStar, shares: grid(0.05 * pStar, 0.95 * pStar, k) })
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
  let inside = x / n
  let outside = 1
  for (;;) {
    const middle = (inside + outside) / 2
    if (middle <= inside || middle >= outside) return middle
    if (isPossible(middle)) inside = middle
    else outside = middle
  }
}

function assertShare(pStar: number): void {
  if (!(pStar > 0 && pStar <= 0.5)) {
    throw new RangeError(`the bad share of an objective has to be above 0 and at most 0.5, not ${pStar}`)
  }
}

function lnEvidence({ x, n, pStar, shares }: { x: number; n: number; pStar: number; shares: number[] }): number {
  assertArm(x, n)
  const lnBad = Math.log(pStar)
  const lnGood = Math.log1p(-pStar)
  const products = shares.map((p) => x * (Math.log(p) - lnBad) + (n - x) * (Math.log1p(-p) - lnGood))
  return logSumExp(products) - Math.log(products.length)
}
