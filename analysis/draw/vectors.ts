import { binomial, hypergeometric } from './counts.ts'
import type { Random } from './generator.ts'

/** How many of n fall into each class; shares are ≥ 0 and need not add up to 1. Exact. Throws RangeError when there is no positive one. */
export function multinomial(random: Random, n: number, shares: readonly number[]): number[] {
  // Summed from the end, so that the last class that can be hit gets exactly what is left.
  const rest = shares.toReversed().reduce<number[]>((sums, share) => [...sums, (sums.at(-1) ?? 0) + share], [])
  if (!(shares.every((share) => share >= 0) && (rest.at(-1) ?? 0) > 0)) {
    throw new RangeError(`shares are numbers ≥ 0 that are not all 0, not ${shares.join(', ')}`)
  }
  let left = n
  return shares.map((share) => {
    const total = rest.pop() ?? share
    const count = share === 0 ? 0 : binomial(random, left, share / total)
    left -= count
    return count
  })
}

/** How many of `drawn` are of each class, without putting back. Exact. Throws RangeError when there are fewer than that. */
export function multivariateHypergeometric(random: Random, classes: readonly number[], drawn: number): number[] {
  let left = drawn
  let total = classes.reduce((sum, size) => sum + size, 0)
  if (drawn > total) throw new RangeError(`${drawn} cannot be drawn out of ${total}`)
  return classes.map((size) => {
    const count = hypergeometric(random, total, size, left)
    left -= count
    total -= size
    return count
  })
}
