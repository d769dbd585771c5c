import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { harm, nonInferiority, openProcess, twoSided, type Cell } from '../../analysis/index.ts'

/** Property tests of the evidence of two arms: what holds for all counts. */

const cell = fc
  .tuple(fc.nat(2_000), fc.nat(20_000), fc.nat(40), fc.nat(40))
  .map(([nc, nb, xc, xb]): Cell => [nc, nb, Math.min(nc, xc), Math.min(nb, xb)])
const cells = fc.array(cell, { minLength: 1, maxLength: 30 })
const ratio = fc.double({ min: 1, max: 2, noNaN: true })
const points = fc.integer({ min: 2, max: 64 })
const shape = fc.record({ rho0: ratio, k: points }).map(({ rho0, k }) => ({ rho0, lo: 1.1 * rho0, hi: 100 * rho0, k }))

type Evidence = (rows: Cell[], phi?: number) => number[]

const evidenceOfHarm = shape.map(
  (test): Evidence =>
    (rows, phi = 1) =>
      harm({ rows, ...test, phi }),
)
const evidenceOfNoHarm = fc.record({ rho: fc.double({ min: 1.2, max: 4, noNaN: true }), k: points }).map(
  ({ rho, k }): Evidence =>
    (rows, phi = 1) =>
      nonInferiority({ rows, rho, lo: 0.05, hi: 0.98 * rho, k, phi }),
)
const evidenceOfDifference = points.map(
  (k): Evidence =>
    (rows, phi = 1) =>
      twoSided({ rows, lo: 0.2, hi: 5, k: 2 * k, phi }),
)

const last = (lnE: number[]): number => lnE.at(-1) ?? NaN

describe.each([
  ['harm', evidenceOfHarm],
  ['no harm', evidenceOfNoHarm],
  ['a difference', evidenceOfDifference],
] as const)('evidence of %s', (_, evidence) => {
  it('is exactly 1 without bad events', () => {
    fc.assert(
      fc.property(cells, evidence, (rows, lnE) => {
        const clean = rows.map(([nc, nb]): Cell => [nc, nb, 0, 0])
        expect(lnE(clean)).toEqual(rows.map(() => 0))
      }),
    )
  })

  it('is unchanged by merging rows of the same split, and by ten times the requests', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(5_000), cells, evidence, (nc, nb, rows, lnE) => {
        const same = rows.map(([, , xc, xb]): Cell => [nc + 40, nb + 40, xc, xb])
        const merged = same.reduce<Cell>(([a, b, c, d], [n, m, x, y]) => [a + n, b + m, c + x, d + y], [0, 0, 0, 0])
        const scaled = same.map(([n, m, x, y]): Cell => [10 * n, 10 * m, x, y])
        expect(last(lnE([merged]))).toBeCloseTo(last(lnE(same)), 8)
        expect(last(lnE(scaled))).toBeCloseTo(last(lnE(same)), 8)
      }),
    )
  })

  it('is unchanged by a row with an empty arm', () => {
    fc.assert(
      fc.property(cells, evidence, fc.nat(30), fc.nat(40), fc.boolean(), (rows, lnE, at, x, isCanary) => {
        const empty: Cell = isCanary ? [0, 100, 0, x] : [100, 0, x, 0]
        expect(last(lnE(rows.toSpliced(at % (rows.length + 1), 0, empty)))).toBe(last(lnE(rows)))
      }),
    )
  })

  it('is unchanged by the order of rows', () => {
    fc.assert(
      fc.property(cells, evidence, (rows, lnE) => {
        expect(last(lnE(rows.toReversed()))).toBeCloseTo(last(lnE(rows)), 8)
      }),
    )
  })

  it('tempered by 1 is not tempered, and tempered by 2 counts half the events', () => {
    fc.assert(
      fc.property(cells, evidence, (rows, lnE) => {
        expect(lnE(rows, 1)).toEqual(lnE(rows))
        const doubled = rows.map(([nc, nb, xc, xb]): Cell => [2 * nc, 2 * nb, 2 * xc, 2 * xb])
        expect(last(lnE(doubled, 2))).toBeCloseTo(last(lnE(rows)), 8)
      }),
    )
  })
})

describe('one more bad event', () => {
  const grown = fc
    .tuple(cells, fc.nat())
    .map(([rows, at]) => ({ rows, i: at % rows.length }))
    .filter(({ rows, i }) => {
      const [nc, nb, xc, xb] = rows[i] ?? [0, 0, 0, 0]
      return xc < nc && xb < nb
    })
  const more = (rows: Cell[], i: number, c: 0 | 1, b: 0 | 1): Cell[] => {
    const [nc, nb, xc, xb] = rows[i] ?? [0, 0, 0, 0]
    return rows.with(i, [nc, nb, xc + c, xb + b])
  }

  it('on the canary never lowers the evidence of harm, on the baseline never raises it', () => {
    fc.assert(
      fc.property(grown, evidenceOfHarm, ({ rows, i }, lnE) => {
        expect(last(lnE(more(rows, i, 1, 0)))).toBeGreaterThanOrEqual(last(lnE(rows)) - 1e-9)
        expect(last(lnE(more(rows, i, 0, 1)))).toBeLessThanOrEqual(last(lnE(rows)) + 1e-9)
      }),
    )
  })

  it('on the canary never raises the evidence of no harm, on the baseline never lowers it', () => {
    fc.assert(
      fc.property(grown, evidenceOfNoHarm, ({ rows, i }, lnE) => {
        expect(last(lnE(more(rows, i, 1, 0)))).toBeLessThanOrEqual(last(lnE(rows)) + 1e-9)
        expect(last(lnE(more(rows, i, 0, 1)))).toBeGreaterThanOrEqual(last(lnE(rows)) - 1e-9)
      }),
    )
  })
})

describe('restart slots', () => {
  const starts = [0, 2, 5]

  it('give evidence between an equal share of the best slot and that slot', () => {
    fc.assert(
      fc.property(cells, shape, (rows, test) => {
        const used = starts.filter((start) => start < rows.length)
        const best = Math.max(...used.map((start) => last(harm({ rows: rows.slice(start), ...test }))))
        const mixed = last(harm({ rows, ...test, starts: used, slots: used.length }))
        expect(mixed).toBeLessThanOrEqual(best + 1e-9)
        expect(mixed).toBeGreaterThanOrEqual(best - Math.log(used.length) - 1e-9)
      }),
    )
  })

  it('are exactly 1 without bad events, begun or not', () => {
    fc.assert(
      fc.property(cells, shape, fc.integer({ min: 1, max: 8 }), (rows, test, slots) => {
        const clean = rows.map(([nc, nb]): Cell => [nc, nb, 0, 0])
        expect(harm({ rows: clean, ...test, starts, slots })).toEqual(rows.map(() => 0))
      }),
    )
  })
})

describe('a growing process', () => {
  const starts = [0, 2, 5]
  const grow = (process: ReturnType<typeof openProcess>, rows: Cell[]): void =>
    rows.forEach((row, i) => {
      if (starts.includes(i)) process.restart()
      process.add(row)
    })

  it('says what the whole says, however seldom it is asked, and knows the next row beforehand', () => {
    fc.assert(
      fc.property(cells, cell, shape, (rows, next, test) => {
        const process = openProcess(test, 4)
        grow(process, rows)
        const whole = harm({ rows: [...rows, next], ...test, starts: starts.filter((i) => i < rows.length), slots: 4 })
        expect(process.after(next)).toBeCloseTo(last(whole), 9)
        expect(process.lnE()).toBe(whole.at(-2))
        process.add(next)
        expect(process.lnE()).toBe(last(whole))
      }),
    )
  })

  it('reaches what it reaches', () => {
    fc.assert(
      fc.property(cells, shape, fc.double({ min: -10, max: 10, noNaN: true }), (rows, test, threshold) => {
        const process = openProcess(test, 4)
        grow(process, rows)
        expect(process.reaches(threshold)).toBe(process.lnE() >= threshold)
        expect(process.reaches(process.lnE())).toBe(true)
      }),
    )
  })

  it('forgets what came before: only later slots speak', () => {
    fc.assert(
      fc.property(cells, cells, shape, (before, rows, test) => {
        const process = openProcess(test, 4)
        grow(process, before)
        process.forget()
        expect(process.lnE()).toBeCloseTo(0, 12)
        const begun = process.slots().length
        process.restart()
        rows.forEach((row) => process.add(row))
        const alone = last(harm({ rows, ...test }))
        expect(process.slots()).toEqual([...Array.from({ length: begun }, () => 0), alone])
        const most = Math.max(0, alone)
        expect(process.lnE()).toBeCloseTo(most + Math.log((3 * Math.exp(-most) + Math.exp(alone - most)) / 4), 9)
      }),
    )
  })

  it('is as new when it is cleared', () => {
    fc.assert(
      fc.property(cells, cells, shape, (before, rows, test) => {
        const process = openProcess(test, 4)
        grow(process, before)
        process.clear()
        expect([process.lnE(), process.slots()]).toEqual([0, []])
        grow(process, rows)
        const begun = starts.filter((i) => i < rows.length)
        expect(process.lnE()).toBe(last(harm({ rows, ...test, starts: begun, slots: 4 })))
      }),
    )
  })
})
