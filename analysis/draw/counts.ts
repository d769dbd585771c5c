import { lnFactorial } from './factorial.ts'
import type { Random } from './generator.ts'
import { accepted } from './rejection.ts'

/** Below this mean a walk from zero is quicker than a rejection, and its rectangle is not proven. */
const SMALL = 10

/** Events at a mean ≥ 0. Exact. Throws RangeError for a mean that is negative or infinite. */
export function poisson(random: Random, mean: number): number {
  if (!(mean >= 0 && mean < Infinity)) throw new RangeError(`a mean is a number ≥ 0, not ${mean}`)
  if (mean < SMALL) return walk(random, Infinity, Math.exp(-mean), (k) => mean / k)
  const lnMean = Math.log(mean)
  const mode = Math.floor(mean)
  const top = mode * lnMean - lnFactorial(mode)
  const lnWeight = (k: number): number => k * lnMean - lnFactorial(k) - top
  return accepted(random, { mean, variance: mean, least: 0, most: Infinity, lnWeight })
}

/** Successes in n trials of chance p. Exact for every n. Throws RangeError unless n is an integer ≥ 0 and 0 ≤ p ≤ 1. */
export function binomial(random: Random, n: number, p: number): number {
  if (!isCount(n) || !(p >= 0 && p <= 1)) throw new RangeError(`no binomial of ${n} trials with chance ${p}`)
  if (p > 0.5) return n - binomial(random, n, 1 - p)
  const mean = n * p
  if (mean === 0) return 0
  const odds = p / (1 - p)
  if (mean < SMALL) return walk(random, n, Math.exp(n * Math.log1p(-p)), (k) => ((n - k + 1) / k) * odds)
  const lnOdds = Math.log(odds)
  const mode = Math.floor((n + 1) * p)
  const top = mode * lnOdds - lnFactorial(mode) - lnFactorial(n - mode)
  const lnWeight = (k: number): number => k * lnOdds - lnFactorial(k) - lnFactorial(n - k) - top
  return accepted(random, { mean, variance: mean * (1 - p), least: 0, most: n, lnWeight })
}

/**
 * Marked ones among `drawn` of `total`, of which `marked` are marked, without putting back. Exact. Throws RangeError
 * unless all are integers with 0 ≤ marked, drawn ≤ total.
 */
export function hypergeometric(random: Random, total: number, marked: number, drawn: number): number {
  if (!isCount(total) || !isCount(marked) || !isCount(drawn) || marked > total || drawn > total) {
    throw new RangeError(`no sample of ${drawn} out of ${total} with ${marked} marked`)
  }
  if (2 * drawn > total) return marked - hypergeometric(random, total, marked, total - drawn)
  if (2 * marked > total) return drawn - hypergeometric(random, total, total - marked, drawn)
  const most = Math.min(marked, drawn)
  if (most === 0) return 0
  const rest = total - marked - drawn
  const mean = (drawn * marked) / total
  if (mean < SMALL) {
    return walk(
      random,
      most,
      noneOf(total, marked, drawn),
      (k) => ((marked - k + 1) * (drawn - k + 1)) / (k * (rest + k)),
    )
  }
  const variance = (mean * (1 - marked / total) * (total - drawn)) / (total - 1)
  const ln = (k: number): number =>
    -lnFactorial(k) - lnFactorial(marked - k) - lnFactorial(drawn - k) - lnFactorial(rest + k)
  const top = ln(Math.floor(((drawn + 1) * (marked + 1)) / (total + 2)))
  return accepted(random, { mean, variance, least: 0, most, lnWeight: (k) => ln(k) - top })
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

/** So few factors are multiplied one by one: quicker and more precise than a difference of large logarithms. */
const FEW = 24

/** The chance that none of the drawn is marked. */
function noneOf(total: number, marked: number, drawn: number): number {
  const few = Math.min(marked, drawn)
  const many = Math.max(marked, drawn)
  if (few > FEW) {
    const ln = lnFactorial(total - marked) + lnFactorial(total - drawn)
    return Math.exp(ln - lnFactorial(total) - lnFactorial(total - marked - drawn))
  }
  let chance = 1
  for (let i = 0; i < few; i++) chance *= 1 - many / (total - i)
  return chance
}

/** Inversion from zero upwards; `grow(k)` is the weight of k over that of k − 1. */
function walk(random: Random, most: number, none: number, grow: (k: number) => number): number {
  for (;;) {
    let left = random()
    let weight = none
    for (let k = 0; k <= most && (weight > 0 || k === 0); k++) {
      if (left < weight) return k
      left -= weight
      weight *= grow(k + 1)
    }
  }
}
