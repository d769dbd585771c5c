import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appendRow,
  decodeLedger,
  encodeLedger,
  judge,
  ratioInterval,
  type Cell,
  type Ledger,
} from '../../analysis/index.ts'
import { ledgerOf } from './ledgers.ts'
import { T } from './shop.ts'

/** Property tests: what holds for every ledger. */

const cell = fc
  .tuple(fc.nat(2_000), fc.nat(20_000), fc.nat(40), fc.nat(40))
  .map(([nc, nb, xc, xb]): Cell => [nc, nb, Math.min(nc, xc), Math.min(nb, xb)])
const cells = fc.array(cell, { minLength: 1, maxLength: 30 })

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
        const flagged = short.map(({ flag, ...row }) => ({ ...row, ...(flag ? { flag } : {}) }))
        const ledger = ledgerOf(flagged, {}, lasts === undefined ? undefined : { from: T, for: lasts })
        const stored = decodeLedger(encodeLedger(ledger))
        expect(JSON.stringify(judge({ ledger: stored }))).toBe(JSON.stringify(judge({ ledger })))
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
