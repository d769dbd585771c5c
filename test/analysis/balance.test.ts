import { describe, expect, it } from 'vitest'
import { judge, type Cell } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { ledgerOf, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

/** Rows at 25 % of which the canary gets so many of 400 requests. */
const getting = (canary: number, count: number, changes: ShortRow = {}): ShortRow[] =>
  times(count, { errors: [canary, 400 - canary, 0, 0] as Cell, ...changes })

const explain = (rows: ShortRow[], changes: Partial<Policy> = {}) =>
  judge({ ledger: ledgerOf(rows, changes, { from: T, for: 60 }) })
const verdictOf = (rows: ShortRow[]): string => {
  const { verdict, reason, row } = explain(rows)
  return `${verdict} ${reason} ${row}`
}

describe('the split', () => {
  it('that does not match the weight holds, whichever side gets too much', () => {
    expect(verdictOf(getting(100, 5))).toBe('advance clean 4')
    expect(verdictOf(getting(160, 5))).toBe('hold splitMismatch 4')
    expect(verdictOf(getting(50, 5))).toBe('hold splitMismatch 4')
    expect(verdictOf(getting(0, 5))).toBe('hold splitMismatch 4')
  })

  it('may be a little off', () => {
    expect(verdictOf(getting(105, 40))).toBe('advance clean 39')
  })

  it('is not asked within 45 s of a weight change, nor of the row in which the next one may lie', () => {
    expect(explain(getting(400, 4)).split).toBeUndefined()
    expect(verdictOf(getting(400, 4))).toBe('advance clean 3')
    expect(verdictOf([...getting(100, 5), ...getting(400, 4, { weight: 50, slot: 1 })])).toBe('advance clean 8')
    expect(verdictOf([...getting(100, 5), ...getting(400, 1)])).toBe('advance clean 5')
  })

  it('that is right again is believed after a while', () => {
    const cured = [...getting(300, 5), ...getting(100, 20)]
    expect(verdictOf(cured.slice(0, 8))).toBe('hold splitMismatch 7')
    expect(verdictOf([...cured, ...getting(100, 2)])).toMatch(/^advance/)
  })

  it('is told with the shares', () => {
    const { split, sentence } = explain(getting(160, 5))
    expect(split).toMatchObject({ share: [0.4, 0.25], lnThreshold: 6.90776 })
    expect(split?.lnE).toBeGreaterThan(6.9)
    expect(sentence).toMatch(
      /^Holding at 25 %: the canary gets 40 % of the requests instead of 25 % \(evidence [\d ]+ : 1, threshold 1 000 : 1\); either the route is not applied everywhere, or clients stick to one version, or the canary sheds load; set it right, or promote or abort\.$/,
    )
  })

  it('does not keep a bad release', () => {
    const bad = getting(160, 5).with(4, { errors: [160, 240, 150, 0] })
    expect(verdictOf(bad)).toBe('rollback mostlyBad 4')
  })

  it('is not asked where clients stay with their revision: they are not equally busy', () => {
    expect(explain(getting(160, 5), { sticky: true }).split).toBeUndefined()
    expect(explain(getting(160, 5), { sticky: true })).toMatchObject({ verdict: 'advance', reason: 'clean' })
  })

  it('is not asked at 0 % and 100 %', () => {
    expect(explain(getting(0, 5, { weight: 0 })).split).toBeUndefined()
    expect(explain(getting(400, 5, { weight: 100 })).split).toBeUndefined()
  })
})

describe('too many series', () => {
  it('hold, whatever else is there', () => {
    const rows = getting(100, 5).with(4, {
      errors: [100, 300, 0, 0],
      tooManySeries: true,
      missing: '7 000 series, at most 5 000',
    })
    expect(verdictOf(rows)).toBe('hold tooManySeries 4')
    expect(explain(rows).sentence).toBe(
      'Holding at 25 %: Prometheus has too many series of this release to count (7 000 series, at most 5 000); drop labels of these metrics, or promote or abort.',
    )
  })

  it('are no data for the step', () => {
    const rows = getting(100, 4).with(1, { errors: [100, 300, 0, 0], tooManySeries: true })
    expect(verdictOf(rows)).toBe('hold notYet 3')
  })
})
