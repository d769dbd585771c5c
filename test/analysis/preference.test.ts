import { describe, expect, it } from 'vitest'
import { binomial, seeded, type Random } from '../../analysis/draw/index.ts'
import { appendRow, judge } from '../../analysis/index.ts'
import type { Ledger, Row } from '../../analysis/index.ts'
import { preferenceOf, preferenceWords } from '../../analysis/preference.ts'
import { policy, T } from './shop.ts'

const METRIC = 'orders'

describe('which revision users prefer', () => {
  it('is known where B converts far more, and A where it does', () => {
    const better = preferenceOf(visits({ seed: 1, a: 0.1, b: 0.16 }), METRIC, T)
    expect(better?.winner).toBe('b')
    expect(better?.ratio().lower).toBeGreaterThan(1)
    const worse = preferenceOf(visits({ seed: 2, a: 0.16, b: 0.1 }), METRIC, T)
    expect(worse?.winner).toBe('a')
    expect(worse?.ratio().upper).toBeLessThan(1)
  })

  it('is told of two alike in at most five of a hundred tests, however often one looks', () => {
    const tests = 400
    const told = Array.from({ length: tests }, (_, seed) =>
      preferenceOf(visits({ seed, a: 0.1, b: 0.1 }), METRIC, T),
    ).filter((found) => found?.winner !== undefined)
    expect(told.length / tests).toBeLessThanOrEqual(0.05)
  })

  it('counts who comes in one row and converts in a later one', () => {
    const row = (index: number, users: [number, number, number, number]): Row => at(index, { [METRIC]: users })
    const rows = [row(0, [500, 500, 0, 0]), row(1, [0, 0, 90, 30])]
    expect(preferenceOf(rows, METRIC, T)).toMatchObject({ total: [500, 500, 90, 30], winner: 'b' })
  })

  it('is said with counts, the multiple and its interval', () => {
    const words = preferenceWords(METRIC, preferenceOf(visits({ seed: 1, a: 0.1, b: 0.16 }), METRIC, T))
    expect(words).toMatch(
      /^orders: B [\d.]+ % \([\d ]+ of [\d ]+\), A [\d.]+ % \([\d ]+ of [\d ]+\), B is [\d.]+× A \(95 %: /,
    )
    expect(preferenceWords(METRIC, undefined)).toBe('orders: nobody was counted on both sides yet')
  })

  it('says nothing about rows from before the test began', () => {
    expect(preferenceOf(visits({ seed: 1, a: 0.1, b: 0.2 }), METRIC, T + 1e6)).toBeUndefined()
  })
})

describe('the verdict of an A/B test', () => {
  it('takes B by an advance', () => {
    const found = judge({ ledger: ledgerOf(visits({ seed: 1, a: 0.1, b: 0.16 })) })
    expect(found).toMatchObject({
      verdict: 'advance',
      reason: 'preferred',
      preference: { metric: METRIC, winner: 'b' },
    })
    expect(found.sentence).toMatch(/^Advancing from 50 %: users prefer B — orders: /)
  })

  it('keeps A by going back', () => {
    const found = judge({ ledger: ledgerOf(visits({ seed: 2, a: 0.16, b: 0.1 })) })
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'preferred' })
    expect(found.sentence).toMatch(/^Rolled back: users prefer A, which is stable — orders: /)
  })

  it('waits while neither is known to be better, and says how they stand', () => {
    const found = judge({ ledger: ledgerOf(visits({ seed: 3, a: 0.1, b: 0.1, rows: 4 })) })
    expect(found).toMatchObject({ verdict: 'hold', reason: 'notYet', preference: { winner: null } })
    expect(found.sentence).toContain('A/B test, orders: B ')
  })

  it('holds where the conversion cannot be counted, and names it', () => {
    const rows = visits({ seed: 1, a: 0.1, b: 0.1, rows: 4 }).map(({ users: _users, ...row }) => row)
    const found = judge({ ledger: ledgerOf(rows) })
    expect(found).toMatchObject({ verdict: 'hold', reason: 'noData' })
    expect(found.sentence).toContain('no data for orders')
  })

  it('holds in a long test, too, as soon as the conversion cannot be counted any more', () => {
    const long = visits({ seed: 3, a: 0.1, b: 0.1, rows: 481 }).reduce(appendRow, ledgerOf([]))
    const { users: _, ...silent } = at(481, {})
    expect(judge({ ledger: appendRow(long, silent) })).toMatchObject({ verdict: 'hold', reason: 'noData' })
  })

  it('is not decided by a row that still grows', () => {
    const long = visits({ seed: 3, a: 0.1, b: 0.1, rows: 480 }).reduce(appendRow, ledgerOf([]))
    const decisive: [number, number, number, number] = [10_000, 10_000, 9_000, 500]
    const grows = appendRow(long, at(480, { [METRIC]: decisive }))
    expect(judge({ ledger: grows })).toMatchObject({ verdict: 'hold', preference: { winner: null } })
    const closed = appendRow(grows, at(481, { [METRIC]: decisive }))
    expect(judge({ ledger: closed })).toMatchObject({ verdict: 'advance', reason: 'preferred' })
  })

  it('goes back where B does harm, whoever prefers it', () => {
    const rows = visits({ seed: 1, a: 0.1, b: 0.3, failed: 40 })
    expect(judge({ ledger: ledgerOf(rows) })).toMatchObject({ verdict: 'rollback' })
    expect(judge({ ledger: ledgerOf(rows) }).reason).not.toBe('preferred')
  })
})

type Visits = { seed: number; a: number; b: number; rows?: number; failed?: number }

/** A hundred users per revision and row, who convert with these chances. */
function visits({ seed, a, b, rows = 60, failed = 0 }: Visits): Row[] {
  const random: Random = seeded(seed)
  return Array.from({ length: rows }, (_, index) =>
    at(index, { [METRIC]: [100, 100, binomial(random, 100, b), binomial(random, 100, a)] }, failed),
  )
}

const at = (index: number, users: NonNullable<Row['users']>, failed = 0): Row => ({
  t0: T + index * 15,
  t1: T + (index + 1) * 15,
  weight: 50,
  slot: 0,
  ready: 2,
  cells: { errors: [300, 300, failed, 0] },
  users,
})

const ledgerOf = (rows: Row[]): Ledger => ({
  v: 1,
  canary: 'checkout-c',
  baseline: 'checkout-b',
  policy: policy({
    sticky: true,
    metrics: [
      { name: 'errors', kind: 'requests' },
      { name: METRIC, kind: 'conversion', total: 'visitors_total', converted: 'orders_total' },
    ],
  }),
  sources: [],
  running: { kind: 'abTest', from: T, metric: METRIC },
  rows,
})
