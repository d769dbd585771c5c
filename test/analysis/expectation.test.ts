import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { belowSlo, harm, nonInferiority, sloHarm, splitCheck, twoSided, type Cell } from '../../analysis/index.ts'

/**
 * What every guarantee rests on: where the null is true, evidence is 1 or less on average. Counted out over all
 * outcomes of independent requests, not simulated.
 */

const few = fc.integer({ min: 1, max: 7 })
const share = fc.double({ min: 0.01, max: 0.3, noNaN: true })
const part = fc.double({ min: 0, max: 1, noNaN: true })

/** All counts of `n` trials with their chances. */
function outcomes(n: number, p: number): [count: number, chance: number][] {
  const all: [number, number][] = [[0, (1 - p) ** n]]
  for (let x = 1; x <= n; x++) {
    const [, before] = all[x - 1] ?? [0, 0]
    all.push([x, (before * (n - x + 1) * p) / (x * (1 - p))])
  }
  return all
}

/** E[e^lnE] over the bad events of one row. */
function meanOf([nc, nb]: [number, number], [pc, pb]: [number, number], lnE: (row: Cell) => number): number {
  let mean = 0
  for (const [xc, chanceC] of outcomes(nc, pc)) {
    for (const [xb, chanceB] of outcomes(nb, pb)) mean += chanceC * chanceB * Math.exp(lnE([nc, nb, xc, xb]))
  }
  return mean
}

const last = (lnE: number[]): number => lnE.at(-1) ?? NaN
const ONE = 1 + 1e-9

describe('under its null, on average, evidence is at most 1', () => {
  it('of harm', () => {
    fc.assert(
      fc.property(few, few, share, part, fc.constantFrom(1, 1.25, 2), (nc, nb, pb, how, rho0) => {
        const lnE = (row: Cell): number => last(harm({ rows: [row], rho0, lo: 1.1 * rho0, hi: 100 * rho0, k: 12 }))
        expect(meanOf([nc, nb], [how * rho0 * pb, pb], lnE)).toBeLessThanOrEqual(ONE)
      }),
    )
  })

  it('of harm over two rows with a restart between them, whatever the rates do', () => {
    const small = fc.integer({ min: 1, max: 3 })
    fc.assert(
      fc.property(small, small, share, share, (nc, nb, first, second) => {
        const test = { rho0: 1.25, lo: 1.375, hi: 125, k: 8, starts: [0, 1], slots: 3 }
        const mean = meanOf([nc, nb], [1.25 * first, first], (before) =>
          Math.log(meanOf([nb, nc], [1.25 * second, second], (row) => last(harm({ rows: [before, row], ...test })))),
        )
        expect(mean).toBeLessThanOrEqual(ONE)
      }),
    )
  })

  it('of no harm', () => {
    fc.assert(
      fc.property(few, few, share, part, fc.constantFrom(1.5, 2), (nc, nb, pb, how, rho) => {
        const lnE = (row: Cell): number => last(nonInferiority({ rows: [row], rho, lo: 0.05, hi: 0.98 * rho, k: 12 }))
        expect(meanOf([nc, nb], [rho * pb + how * (0.99 - rho * pb), pb], lnE)).toBeLessThanOrEqual(ONE)
      }),
    )
  })

  it('of a difference', () => {
    fc.assert(
      fc.property(few, few, share, (nc, nb, p) => {
        const lnE = (row: Cell): number => last(twoSided({ rows: [row], lo: 0.2, hi: 5, k: 12 }))
        expect(meanOf([nc, nb], [p, p], lnE)).toBeLessThanOrEqual(ONE)
      }),
    )
  })

  it('of a broken objective, and of one that is kept', () => {
    fc.assert(
      fc.property(few, share, part, (n, pStar, how) => {
        const mean = (p: number, lnE: (x: number) => number): number =>
          outcomes(n, p).reduce((sum, [x, chance]) => sum + chance * Math.exp(lnE(x)), 0)
        expect(mean(how * pStar, (x) => sloHarm({ x, n, pStar, k: 12 }))).toBeLessThanOrEqual(ONE)
        expect(mean(pStar + how * (0.99 - pStar), (x) => belowSlo({ x, n, pStar, k: 12 }))).toBeLessThanOrEqual(ONE)
      }),
    )
  })

  it('of a split that is not the one in force', () => {
    fc.assert(
      fc.property(few, share, (n, w) => {
        const mean = outcomes(n, w).reduce(
          (sum, [nc, chance]) => sum + chance * Math.exp(splitCheck({ rows: [[nc, n - nc, w]], rho: 1.1, k: 12 })),
          0,
        )
        expect(mean).toBeLessThanOrEqual(ONE)
      }),
    )
  })
})
