import type { Random } from './generator.ts'

/** The two constants of the enclosing rectangle: 2√(2/e) and 3 − 2√(3/e). */
const SLOPE = 2 * Math.sqrt(2 / Math.E)
const OFFSET = 3 - 2 * Math.sqrt(3 / Math.E)

export type Shape = {
  mean: number
  variance: number
  least: number
  most: number
  /** ln of the probability of k, up to a constant that makes it 0 at the mode. */
  lnWeight: (k: number) => number
}

/**
 * One value of a Poisson, binomial or hypergeometric distribution by ratio of uniforms (Stadlober 1990), exact: about
 * 1.4 tries on average, whatever the mean. The rectangle is proven for means that are not small; below ten, invert.
 */
export function accepted(random: Random, { mean, variance, least, most, lnWeight }: Shape): number {
  const centre = mean + 0.5
  const width = SLOPE * Math.sqrt(variance + 0.5) + OFFSET
  for (;;) {
    const u = 1 - random()
    const k = Math.floor(centre + (width * (random() - 0.5)) / u)
    if (k < least || k > most) continue
    const ln = lnWeight(k)
    // Two parabolas that enclose 2 ln u spare the logarithm in most cases.
    if (u * (4 - u) - 3 <= ln) return k
    if (u * (u - ln) < 1 && 2 * Math.log(u) <= ln) return k
  }
}
