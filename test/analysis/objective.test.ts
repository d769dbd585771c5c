import { describe, expect, it } from 'vitest'
import { belowSlo, sloHarm, splitCheck, upperBound, type SplitRow } from '../../analysis/index.ts'

describe('one arm against its objective', () => {
  it('agrees with V6: harm', () => {
    expect(sloHarm({ x: 10, n: 678, pStar: 0.01, k: 48 })).toBeCloseTo(-1.334082763, 9)
  })

  it.each([
    [0, 5_000, 3.967208228],
    [1, 10_000, 6.114670237],
  ])('agrees with V11: %d of %d are below it', (x, n, lnE) => {
    expect(belowSlo({ x, n, pStar: 0.001, k: 40 })).toBeCloseTo(lnE, 9)
  })

  it('says nothing before the first request', () => {
    expect(sloHarm({ x: 0, n: 0, pStar: 0.01, k: 48 })).toBe(0)
    expect(belowSlo({ x: 0, n: 0, pStar: 0.01, k: 40 })).toBe(0)
  })

  it.each([0, 0.51, NaN])('refuses an objective that allows a bad share of %d', (pStar) => {
    expect(() => sloHarm({ x: 0, n: 1, pStar, k: 48 })).toThrow('at most 0.5')
    expect(() => belowSlo({ x: 0, n: 1, pStar, k: 40 })).toThrow('at most 0.5')
  })

  it.each([
    [3, 2],
    [-1, 2],
    [0.5, 2],
  ])('refuses %d bad of %d requests', (x, n) => {
    expect(() => sloHarm({ x, n, pStar: 0.01, k: 48 })).toThrow(RangeError)
    expect(() => belowSlo({ x, n, pStar: 0.01, k: 40 })).toThrow(RangeError)
    expect(() => upperBound({ x, n, beta: 0.05 })).toThrow(RangeError)
  })
})

describe('the upper bound of a bad share', () => {
  it.each([
    [0, 100, 0.057028598],
    [0, 300, 0.021173966],
    [0, 1_000, 0.006997503],
    [0, 10_000, 0.000816994],
    [1, 1_000, 0.009974747],
    [10, 1_000, 0.02616443],
    [5, 50, 0.286537897],
  ])('agrees with V7: %d of %d', (x, n, bound) => {
    expect(upperBound({ x, n, beta: 0.05 })).toBeCloseTo(bound, 9)
  })

  it('is 1 without requests, and without good ones', () => {
    expect(upperBound({ x: 0, n: 0, beta: 0.05 })).toBe(1)
    expect(upperBound({ x: 7, n: 7, beta: 0.05 })).toBe(1)
  })

  it.each([0, 1])('refuses a level of %d', (beta) => {
    expect(() => upperBound({ x: 0, n: 1, beta })).toThrow(RangeError)
  })
})

describe('the check of the split', () => {
  const rows: SplitRow[] = [
    [75, 1425, 0.05],
    [80, 1400, 0.05],
    [150, 1350, 0.05],
    [155, 1330, 0.05],
  ]

  it('agrees with V13', () => {
    const lnE = rows.map((_, i) => splitCheck({ rows: rows.slice(0, i + 1), rho: 1.1, k: 24 }))
    const printed = [-3.446746832, -3.949647787, 3.442513956, 21.75607994]
    expect(lnE).toEqual(printed.map((value) => expect.closeTo(value, 9) as unknown))
  })

  it('is alike for too many and too few: arms and weight may change places', () => {
    const mirrored = rows.map(([nc, nb, w]): SplitRow => [nb, nc, 1 - w])
    const options = { rho: 1.1, k: 24 }
    expect(splitCheck({ rows: mirrored, ...options })).toBeCloseTo(splitCheck({ rows, ...options }), 9)
  })

  it.each([
    ['a weight of 0', [1, 1, 0]],
    ['a weight of 100 %', [1, 1, 1]],
    ['a fraction of a request', [0.5, 1, 0.1]],
    ['a negative count', [1, -1, 0.1]],
  ] as [string, SplitRow][])('refuses %s', (_, row) => {
    expect(() => splitCheck({ rows: [row], rho: 1.1, k: 24 })).toThrow(RangeError)
  })

  it('refuses to tolerate less than nothing', () => {
    expect(() => splitCheck({ rows, rho: 0.9, k: 24 })).toThrow(RangeError)
  })
})
