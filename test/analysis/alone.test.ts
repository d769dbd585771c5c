import { describe, expect, it } from 'vitest'
import { judge, type Cell } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { clean, ledgerOf, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

const INTERVAL = 15
const half = times(8, { errors: [750, 750, 0, 0] as Cell, weight: 50 })
/** Rows at 100 %, where stable has no traffic. */
const whole = (count: number, bad: number, baseline = 0): ShortRow[] =>
  times(count, { errors: [1_500, baseline, bad, 0] as Cell, weight: 100, slot: 1 })

/** The step that began with the last weight. */
const explain = (rows: ShortRow[], changes: Partial<Policy> = {}) =>
  judge({ ledger: ledgerOf(rows, changes, { from: T + half.length * INTERVAL, for: 300 }) })

describe('at 100 %, where nobody is left to compare with', () => {
  it('the objective finds what the comparison cannot see', () => {
    const found = explain([...half, ...whole(32, 450)], { slo: 0.999 })
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'evidence', row: 8 })
    expect(found.sentence).toMatch(
      /^Rolled back: since 100 % errors are 30 % of the canary's requests, the objective allows 0\.1 % — canary 450 of 1 500, no stable beside it; evidence /,
    )
  })

  it('requests that stable still ends are no comparison', () => {
    const rows = [...half, ...whole(1, 0, 3), ...whole(31, 30)]
    expect(explain(rows, { slo: 0.999 })).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })

  it('the step advances on the objective, and says so', () => {
    const { verdict, reason, sentence } = explain([...half, ...whole(32, 1)], { slo: 0.999 })
    expect(`${verdict} ${reason}`).toBe('advance clean')
    expect(sentence).toMatch(
      /^Advancing from 100 %: errors are 0\.067 % of the canary's requests, the objective allows 0\.1 % — canary 32 of 48 000, no stable beside it; evidence /,
    )
  })

  it('without an objective nothing is a ground to advance, and the hold says what would help', () => {
    const { verdict, reason, sentence } = explain([...half, ...whole(32, 450)])
    expect(`${verdict} ${reason}`).toBe('hold inconclusive')
    expect(sentence).toBe(
      'Holding at 100 %: nothing at 100 % can be compared with stable, and there is no objective to judge the canary by; promote or abort, and set analysis.slo or end the steps at a lower weight.',
    )
  })

  it('without an objective the deadline still rolls back, and never promotes', () => {
    const rows = [...half, ...whole(32, 450)]
    expect(explain(rows, { deadline: 300, onInconclusive: 'rollback' })).toMatchObject({ reason: 'deadline' })
    expect(explain(rows, { deadline: 300, onInconclusive: 'promote' })).toMatchObject({ verdict: 'hold' })
  })

  it('bounds judge alone', () => {
    const metrics: Policy['metrics'] = [
      { name: 'queue', kind: 'gauge', query: 'sum(queue)', bounds: { max: 100 }, advisory: false },
    ]
    const rows = times(20, { cells: {}, weight: 100, slot: 1, gauges: { queue: 1 } })
    expect(judge({ ledger: ledgerOf(rows, { metrics }, { from: T, for: 300 }) })).toMatchObject({ reason: 'clean' })
  })

  it('the bake of blue-green has its time, and ends a version that fails more than half', () => {
    const running = { kind: 'bake' as const, from: T, for: 300 }
    const bake = (bad: number) => {
      const ledger = ledgerOf(times(20, { errors: [1_500, 0, bad, 0] as Cell, weight: 100 }))
      return judge({ ledger: { ...ledger, running } })
    }
    expect(bake(15)).toMatchObject({ verdict: 'advance', reason: 'clean' })
    expect(bake(800)).toMatchObject({ verdict: 'rollback', reason: 'mostlyBad' })
  })

  it('a retreat has not used up what the objective needs', () => {
    const again = half.map((row): ShortRow => ({ ...row, slot: 1 }))
    const last = whole(32, 450).map((row): ShortRow => ({ ...row, slot: 2 }))
    const rows = [...half, ...again, ...last]
    expect(explain(rows, { slo: 0.999, slots: 3, replaceLocalised: true })).toMatchObject({ reason: 'evidence' })
    expect(explain(rows, { slo: 0.999, slots: 2 })).toMatchObject({ verdict: 'hold', reason: 'inconclusive' })
  })
})

it('below 100 % a row without requests of stable does not put the objective in its place', () => {
  const few = times(20, { errors: [30, 0, 3, 0] as Cell, weight: 95, slot: 1 })
  expect(judge({ ledger: ledgerOf([...times(8, clean), ...few], { slo: 0.99 }) }).lnE).toBe(0)
})
