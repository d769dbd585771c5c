import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appendRow,
  decodeLedger,
  encodeLedger,
  harm,
  judge,
  ratioInterval,
  type Cell,
  type Ledger,
} from '../../analysis/index.ts'
import { ledgerOf } from './ledgers.ts'

/** Property tests of the harm test: what holds for every ledger. */

const cell = fc
  .tuple(fc.nat(2_000), fc.nat(20_000), fc.nat(40), fc.nat(40))
  .map(([nc, nb, xc, xb]): Cell => [nc, nb, Math.min(nc, xc), Math.min(nb, xb)])
const cells = fc.array(cell, { minLength: 1, maxLength: 30 })
const shape = fc
  .record({ rho0: fc.double({ min: 1, max: 2, noNaN: true }), k: fc.integer({ min: 2, max: 64 }) })
  .map(({ rho0, k }) => ({ rho0, lo: 1.1 * rho0, hi: 100 * rho0, k }))

const last = (rows: Cell[], test: { rho0: number; lo: number; hi: number; k: number }): number =>
  harm({ rows, ...test }).at(-1) ?? NaN

describe('evidence of harm', () => {
  it('is exactly 1 without bad events', () => {
    fc.assert(
      fc.property(cells, shape, fc.integer({ min: 1, max: 8 }), (rows, test, slots) => {
        const clean = rows.map(([nc, nb]): Cell => [nc, nb, 0, 0])
        const starts = [0, 3, 7].filter((start) => start < rows.length)
        expect(harm({ rows: clean, ...test, starts, slots })).toEqual(rows.map(() => 0))
      }),
    )
  })

  it('never falls by one more canary error, and never rises by one more baseline error', () => {
    fc.assert(
      fc.property(cells, shape, fc.nat(), (rows, test, at) => {
        const i = at % rows.length
        const [nc, nb, xc, xb] = rows[i] ?? [0, 0, 0, 0]
        const before = last(rows, test)
        fc.pre(xc < nc && xb < nb)
        expect(last(rows.with(i, [nc, nb, xc + 1, xb]), test)).toBeGreaterThanOrEqual(before - 1e-9)
        expect(last(rows.with(i, [nc, nb, xc, xb + 1]), test)).toBeLessThanOrEqual(before + 1e-9)
      }),
    )
  })

  it('is unchanged by merging rows of the same split, and by ten times the requests', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(5_000), cells, shape, (nc, nb, rows, test) => {
        const same = rows.map(([, , xc, xb]): Cell => [nc + 40, nb + 40, xc, xb])
        const merged = same.reduce<Cell>(([a, b, c, d], [n, m, x, y]) => [a + n, b + m, c + x, d + y], [0, 0, 0, 0])
        const scaled = same.map(([n, m, x, y]): Cell => [10 * n, 10 * m, x, y])
        expect(last([merged], test)).toBeCloseTo(last(same, test), 8)
        expect(last(scaled, test)).toBeCloseTo(last(same, test), 8)
      }),
    )
  })

  it('is unchanged by a row with an empty arm', () => {
    fc.assert(
      fc.property(cells, shape, fc.nat(30), fc.nat(40), fc.boolean(), (rows, test, at, x, isCanary) => {
        const empty: Cell = isCanary ? [0, 100, 0, x] : [100, 0, x, 0]
        expect(last(rows.toSpliced(at % (rows.length + 1), 0, empty), test)).toBe(last(rows, test))
      }),
    )
  })

  it('is unchanged by the order of rows in a single slot', () => {
    fc.assert(
      fc.property(cells, shape, (rows, test) => {
        expect(last(rows.toReversed(), test)).toBeCloseTo(last(rows, test), 8)
      }),
    )
  })

  it('tempered by 1 is not tempered', () => {
    fc.assert(
      fc.property(cells, shape, (rows, test) => {
        expect(harm({ rows, ...test, phi: 1 })).toEqual(harm({ rows, ...test }))
      }),
    )
  })

  it('with restart slots lies between an equal share of its best slot and that slot', () => {
    fc.assert(
      fc.property(cells, shape, (rows, test) => {
        const starts = [0, 2, 5].filter((start) => start < rows.length)
        const slots = starts.map((start) => last(rows.slice(start), test))
        const best = Math.max(...slots)
        const mixed = harm({ rows, ...test, starts, slots: starts.length }).at(-1) ?? NaN
        expect(mixed).toBeLessThanOrEqual(best + 1e-9)
        expect(mixed).toBeGreaterThanOrEqual(best - Math.log(starts.length) - 1e-9)
      }),
    )
  })
})

describe('the ratio', () => {
  it('lies inside its interval, and a wider level has a wider interval', () => {
    const options = { lo: 0.01, hi: 100, k: 129 }
    fc.assert(
      fc.property(cells, (rows) => {
        const narrow = ratioInterval({ rows, alpha: 0.05, ...options })
        const wide = ratioInterval({ rows, alpha: 0.01, ...options })
        expect(narrow.lower).toBeLessThanOrEqual(narrow.mle ?? 0)
        expect(narrow.upper).toBeGreaterThanOrEqual(narrow.mle ?? 0)
        expect(wide.lower).toBeLessThanOrEqual(narrow.lower)
        expect(wide.upper).toBeGreaterThanOrEqual(narrow.upper)
      }),
    )
  })
})

describe('the verdict', () => {
  const rows = fc.array(
    fc.record({
      errors: cell,
      slot: fc.constant(0),
      ready: fc.nat(3),
      flag: fc.option(fc.constantFrom('warmup', 'gap', 'retreat'), { nil: undefined }),
    }),
    { maxLength: 40 },
  )

  it('is the same from the ledger and from its JSON round trip, to the byte', () => {
    fc.assert(
      fc.property(rows, fc.option(fc.nat(600), { nil: undefined }), (short, lasts) => {
        const ledger = ledgerOf(short.map(({ flag, ...row }) => ({ ...row, ...(flag ? { flag } : {}) })))
        const analyze = lasts === undefined ? {} : { analyze: { from: ledger.rows[0]?.t0 ?? 0, for: lasts } }
        const stored = decodeLedger(encodeLedger(ledger))
        expect(JSON.stringify(judge({ ledger: stored, ...analyze }))).toBe(
          JSON.stringify(judge({ ledger, ...analyze })),
        )
      }),
      { numRuns: 50 },
    )
  })

  it('of a rollback stays when rows follow', () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const short = [...before, ...after].map(({ flag, ...row }) => ({ ...row, ...(flag ? { flag } : {}) }))
        const whole = ledgerOf(short)
        const first = judge({ ledger: { ...whole, rows: whole.rows.slice(0, before.length) } })
        fc.pre(first.verdict === 'rollback')
        expect(judge({ ledger: whole })).toEqual(first)
      }),
      { numRuns: 50 },
    )
  })

  it('never forgets a request: rows that are appended one by one give the ledger that they are', () => {
    fc.assert(
      fc.property(rows, (short) => {
        const whole = ledgerOf(short.map(({ flag, ...row }) => ({ ...row, ...(flag ? { flag } : {}) })))
        const grown = whole.rows.reduce<Ledger>((ledger, row) => appendRow(ledger, row), { ...whole, rows: [] })
        expect(grown).toEqual(whole)
      }),
      { numRuns: 50 },
    )
  })
})
