import { array, assert, double, integer, nat, pre, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  binomial,
  hypergeometric,
  multinomial,
  multivariateHypergeometric,
  normal,
  poisson,
  seeded,
} from '../../analysis/draw/index.ts'

const DRAWS = 60_000

/** Standardised χ² of counts against their chances by a recurrence from `first`; beyond ±5 it is another distribution. */
function misfit(draws: number[], first: number, chance: (k: number) => number): number {
  const counts = new Map<number, number>()
  for (const k of draws) counts.set(k, (counts.get(k) ?? 0) + 1)
  const most = Math.max(...draws)
  const pooled = { seen: 0, expected: 0 }
  let [chi2, cells, covered] = [0, 0, 0]
  for (let k = first; k <= most; k++) {
    pooled.seen += counts.get(k) ?? 0
    pooled.expected += chance(k) * draws.length
    covered += chance(k)
    if (pooled.expected < 20) continue
    chi2 += (pooled.seen - pooled.expected) ** 2 / pooled.expected
    cells += 1
    Object.assign(pooled, { seen: 0, expected: 0 })
  }
  pooled.expected += (1 - covered) * draws.length
  if (pooled.expected > 0.5) chi2 += (pooled.seen - pooled.expected) ** 2 / pooled.expected
  return (chi2 - cells) / Math.sqrt(2 * cells)
}

/** ln n! as the plain sum. */
const lnFactorials = [0]
for (let n = 1; n < 30_000; n++) lnFactorials.push((lnFactorials[n - 1] ?? 0) + Math.log(n))
const ln = (n: number): number => lnFactorials[n] ?? NaN
const lnChoose = (n: number, k: number): number => (k < 0 || k > n ? -Infinity : ln(n) - ln(k) - ln(n - k))

const samples = (seed: number, draw: (random: () => number) => number): number[] => {
  const random = seeded(seed)
  return Array.from({ length: DRAWS }, () => draw(random))
}

describe('a seeded stream', () => {
  it('repeats itself, and no other', () => {
    const first = (seed: number, ...path: number[]): number[] => {
      const random = seeded(seed, ...path)
      return Array.from({ length: 4 }, random)
    }
    expect(first(7, 1)).toEqual(first(7, 1))
    const heads = [first(7), first(8), first(7, 0), first(7, 1), first(1, 7), first(7 + 2 ** 40)].map(([head]) => head)
    expect(new Set(heads).size).toBe(heads.length)
  })

  it('fills [0, 1) evenly, within a stream and over the heads of many', () => {
    const random = seeded(3)
    const within = Array.from({ length: DRAWS }, () => Math.floor(random() * 256))
    const heads = Array.from({ length: DRAWS }, (_, run) => Math.floor(seeded(3, run)() * 256))
    expect(Math.abs(misfit(within, 0, () => 1 / 256))).toBeLessThan(5)
    expect(Math.abs(misfit(heads, 0, () => 1 / 256))).toBeLessThan(5)
  })

  it('refuses a seed that is no integer', () => {
    expect(() => seeded(0.5)).toThrow(RangeError)
  })
})

describe('samples have the distribution that they claim', () => {
  it.each([0.01, 1.5, 9.9, 10.1, 75, 1_425])('poisson of mean %s', (mean) => {
    const draws = samples(11, (random) => poisson(random, mean))
    expect(Math.abs(misfit(draws, 0, (k) => Math.exp(k * Math.log(mean) - mean - ln(k))))).toBeLessThan(5)
  })

  it.each([
    [10, 0.5],
    [20, 0.5],
    [1_425, 0.002],
    [1_425, 0.0071],
    [75, 0.9],
    [1_425, 0.3],
    [28_000, 0.97],
  ])('binomial of %s trials with chance %s', (n, p) => {
    const draws = samples(12, (random) => binomial(random, n, p))
    const chance = (k: number): number => Math.exp(lnChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
    expect(Math.abs(misfit(draws, 0, chance))).toBeLessThan(5)
  })

  it.each([
    [10, 4, 5],
    [1_500, 3, 375],
    [1_500, 40, 75],
    [1_500, 300, 750],
    [1_500, 1_300, 1_200],
    [80, 40, 40],
    [29_000, 600, 600],
    [200, 30, 180],
  ])('hypergeometric: of %s with %s marked, %s drawn', (total, marked, drawn) => {
    const draws = samples(13, (random) => hypergeometric(random, total, marked, drawn))
    const chance = (k: number): number =>
      Math.exp(lnChoose(marked, k) + lnChoose(total - marked, drawn - k) - lnChoose(total, drawn))
    expect(Math.abs(misfit(draws, 0, chance))).toBeLessThan(5)
  })

  it('normal: its moments and its tails', () => {
    const draws = samples(14, normal)
    const moment = (power: number): number => draws.reduce((sum, z) => sum + z ** power, 0) / DRAWS
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(DRAWS))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / DRAWS))
    const beyond = draws.filter((z) => z > 1.644_853_63).length / DRAWS
    expect(Math.abs(beyond - 0.05)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / DRAWS))
  })

  it('every class of a multinomial is binomial, and of a multivariate draw hypergeometric', () => {
    const shares = [0.2, 0, 0.5, 0.3]
    const last = samples(15, (random) => multinomial(random, 40, shares)[3] ?? NaN)
    expect(
      Math.abs(misfit(last, 0, (k) => Math.exp(lnChoose(40, k) + k * Math.log(0.3) + (40 - k) * Math.log(0.7)))),
    ).toBeLessThan(5)
    const drawn = samples(16, (random) => multivariateHypergeometric(random, [70, 5, 25], 30)[2] ?? NaN)
    expect(
      Math.abs(misfit(drawn, 0, (k) => Math.exp(lnChoose(25, k) + lnChoose(75, 30 - k) - lnChoose(100, 30)))),
    ).toBeLessThan(5)
  })
})

describe('samples stay inside what is possible', () => {
  const count = integer({ min: 0, max: 1_000_000 })
  const share = double({ min: 0, max: 1, noNaN: true })

  it('for any number of trials and any chance', () => {
    assert(
      property(integer(), count, share, (seed, n, p) => {
        const k = binomial(seeded(seed), n, p)
        expect(Number.isInteger(k) && k >= 0 && k <= n).toBe(true)
      }),
    )
  })

  it('certainly at the ends', () => {
    expect([binomial(seeded(1), 500, 0), binomial(seeded(1), 500, 1)]).toEqual([0, 500])
    expect([hypergeometric(seeded(1), 0, 0, 0), hypergeometric(seeded(1), 5, 5, 2)]).toEqual([0, 2])
  })

  it('for any sample without putting back', () => {
    assert(
      property(integer(), count, share, share, (seed, total, a, b) => {
        const [marked, drawn] = [Math.floor(total * a), Math.floor(total * b)]
        const k = hypergeometric(seeded(seed), total, marked, drawn)
        expect(k).toBeGreaterThanOrEqual(Math.max(0, marked + drawn - total))
        expect(k).toBeLessThanOrEqual(Math.min(marked, drawn))
      }),
    )
  })

  it('and classes add up to what was drawn', () => {
    assert(
      property(integer(), array(nat(5_000), { minLength: 1 }), share, (seed, classes, part) => {
        const total = classes.reduce((sum, size) => sum + size, 0)
        const drawn = multivariateHypergeometric(seeded(seed), classes, Math.floor(part * total))
        expect(drawn.reduce((sum, k) => sum + k, 0)).toBe(Math.floor(part * total))
        expect(drawn.every((k, i) => k <= (classes[i] ?? 0))).toBe(true)
        pre(total > 0)
        const thrown = multinomial(seeded(seed), 1_000, classes)
        expect(thrown.reduce((sum, k) => sum + k, 0)).toBe(1_000)
        expect(thrown.every((k, i) => k === 0 || (classes[i] ?? 0) > 0)).toBe(true)
      }),
    )
  })

  it.each([
    ['a negative mean', () => poisson(seeded(1), -1)],
    ['an infinite mean', () => poisson(seeded(1), Infinity)],
    ['a chance above one', () => binomial(seeded(1), 10, 1.1)],
    ['half a trial', () => binomial(seeded(1), 0.5, 0.1)],
    ['more marked than there are', () => hypergeometric(seeded(1), 10, 11, 5)],
    ['more drawn than there are', () => multivariateHypergeometric(seeded(1), [2, 3], 6)],
    ['no class to fall into', () => multinomial(seeded(1), 10, [0, 0])],
  ])('%s is refused', (_, draw) => {
    expect(draw).toThrow(RangeError)
  })
})
