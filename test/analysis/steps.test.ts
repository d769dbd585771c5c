import { describe, expect, it } from 'vitest'
import { judge, type Cell, type Ledger } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { clean, ledgerOf, silent, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

const running = (kind: 'analyze' | 'bake', rows: ShortRow[], lasts: number, changes: Partial<Policy> = {}): Ledger => ({
  ...ledgerOf(rows, changes),
  running: { kind, from: T, for: lasts },
})
const reasonOf = (ledger: Ledger): string => {
  const { verdict, reason, row } = judge({ ledger })
  return `${verdict} ${reason} ${row}`
}

describe('a bake', () => {
  it('ends when its time is covered by rows with data', () => {
    expect(reasonOf(running('bake', times(3, clean), 60))).toBe('hold notYet 2')
    expect(reasonOf(running('bake', [...times(3, clean), silent], 60))).toBe('hold noData 3')
    expect(reasonOf(running('bake', [...times(3, clean), silent, clean], 60))).toBe('advance clean 4')
  })

  it('may take longer than the deadline of the analysis', () => {
    const changes = { deadline: 60, onInconclusive: 'rollback' } as const
    const rows = times(8, clean)
    expect(reasonOf(running('bake', rows, 600, changes))).toBe('hold notYet 7')
    expect(reasonOf(running('analyze', rows, 600, changes))).toBe('rollback deadline 3')
  })

  it('and every further step have a deadline of their own', () => {
    const ledger = ledgerOf(times(12, clean), { deadline: 120, onInconclusive: 'rollback' })
    const second = { kind: 'analyze', from: T + 6 * 15, for: 600 } as const
    expect(reasonOf({ ...ledger, running: second })).toBe('hold notYet 11')
    expect(reasonOf({ ...ledger, running: { ...second, from: T + 4 * 15 } })).toBe('rollback deadline 11')
  })

  it('says how far it is', () => {
    expect(judge({ ledger: running('bake', times(2, clean), 600) }).sentence).toMatch(
      /^Holding at 25 %: 30s of 10m baked; no errors on either side/,
    )
  })

  it('goes back when the canary turns bad', () => {
    const bad = times(10, { errors: [950, 50, 30, 0] as Cell, weight: 95, slot: 1 })
    const { verdict, reason } = judge({ ledger: running('bake', [...times(20, clean), ...bad], 600) })
    expect(`${verdict} ${reason}`).toBe('rollback evidence')
  })
})

describe('rows until a step ends', () => {
  const neededOf = (ledger: Ledger): number | null | undefined =>
    judge({ ledger }).metrics[0]?.needed.cleanRowsToPromote

  it('are those that its time still takes', () => {
    expect(neededOf(running('analyze', times(2, clean), 100))).toBe(5)
    expect(reasonOf(running('analyze', times(7, clean), 100))).toBe('advance clean 6')
    expect(reasonOf(running('analyze', times(6, clean), 100))).toBe('hold notYet 5')
  })

  it('are those that fifty requests still take', () => {
    const few = times(2, { errors: [3, 9, 0, 0] as Cell })
    expect(neededOf(running('analyze', few, 30))).toBe(15)
    expect(neededOf(running('analyze', times(2, { errors: [0, 9, 0, 0] as Cell, weight: 1 }), 30))).toBeNull()
  })

  it('are none when it ends now, and unknown without a step or data', () => {
    expect(neededOf(running('bake', times(2, clean), 30))).toBe(0)
    expect(neededOf(ledgerOf(times(2, clean)))).toBeNull()
    expect(neededOf(running('analyze', [silent], 30))).toBeNull()
  })

  it('that nobody would wait for are not counted', () => {
    expect(neededOf(running('analyze', times(2, clean), 15 * 10_002))).toBe(10_000)
    expect(neededOf(running('analyze', times(2, clean), 15 * 10_003))).toBeNull()
  })
})

describe('counters of one’s own', () => {
  const metrics: Policy['metrics'] = [
    { name: 'errors', kind: 'requests' },
    { name: 'cart', kind: 'counters', total: 'carts_total', bad: 'carts_bad' },
  ]
  const carts = (cell: Cell, count: number): ShortRow[] =>
    times(count, { cells: { errors: [100, 300, 0, 0], cart: cell } })
  const explain = (rows: ShortRow[], changes: Partial<Policy> = {}) =>
    judge({ ledger: ledgerOf(rows, { metrics, slots: 1, ...changes }) })

  it('are evidence with a weight of their own', () => {
    const found = explain(carts([40, 120, 6, 1], 8))
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    expect(found.metrics.map(({ omega }) => omega)).toEqual([0.714286, 0.285714])
    expect(found.sentence).toMatch(/^Rolled back: errors \(cart\) are [\d.]+× stable \(95 %: /)
  })

  it('are on the fast path', () => {
    expect(explain(carts([30, 90, 20, 1], 1))).toMatchObject({ reason: 'mostlyBad' })
    expect(explain(carts([30, 90, 20, 1], 1)).sentence).toBe(
      'Rolled back: 20 of 30 canary requests failed by cart in the last row, stable 1 of 90.',
    )
  })

  it('have the budget of failed requests', () => {
    const found = explain(carts([10_000, 10_000, 112, 100], 120), { toleratedRatio: 2 })
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'budget' })
    expect(found.sentence).toMatch(
      /^Rolled back: the canary has cost \d+ bad events of cart more than stable would have; the error budget is 50\.$/,
    )
  })

  it('that are missing are no data', () => {
    expect(explain([clean])).toMatchObject({
      reason: 'noData',
      sentence: expect.stringContaining('no data for cart') as string,
    })
  })
})

describe('several latency boundaries', () => {
  const metrics: Policy['metrics'] = [
    { name: 'latency', kind: 'latency', slowerThanMs: 200, boundariesMs: [100, 250, 1_000] },
  ]
  const row = (tail: Cell): ShortRow => ({
    cells: { 'latency:100': [100, 300, 40, 120], 'latency:250': [100, 300, 5, 15], 'latency:1000': tail },
  })
  const explain = (rows: ShortRow[]) => judge({ ledger: ledgerOf(rows, { metrics, slots: 1 }) })

  it('are averaged, and the loudest is the one that is told', () => {
    const found = explain(times(3, row([100, 300, 8, 0])))
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    expect(found.sentence).toMatch(/^Rolled back: requests slower than 1000 ms on the canary only /)
    expect(found.metrics[0]).toMatchObject({ name: 'latency', share: 1 })
  })

  it('say how much of the loudest one is still needed', () => {
    const quiet = times(3, row([100, 300, 0, 0]))
    const few = explain([...quiet, row([100, 300, 2, 0])])
    const needed = few.metrics[0]?.needed.badToRollback ?? NaN
    const next = (bad: number): ShortRow[] => [...quiet, row([100, 300, 2, 0]), row([100, 300, bad, 0])]
    const after = (bad: number): string => explain(next(bad)).verdict
    expect(few.verdict).toBe('hold')
    expect([after(needed), after(needed - 1)]).toEqual(['rollback', 'hold'])
  })

  it('all have to have data', () => {
    expect(explain([{ cells: { 'latency:100': [100, 300, 40, 120] } }])).toMatchObject({ reason: 'noData' })
  })
})
