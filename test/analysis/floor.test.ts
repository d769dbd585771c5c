import { describe, expect, it } from 'vitest'
import { judge, type Cell } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { ledgerOf, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

/** Three times as bad as stable, for certain, and eight requests in ten thousand. */
const slight = (count: number): ShortRow[] => times(count, { errors: [10_000, 10_000, 12, 4] as Cell, weight: 50 })
const changes: Partial<Policy> = { slots: 1, slo: 0.99, errorBudget: 5_000 }

const explain = (rows: ShortRow[], lasts: number, more: Partial<Policy> = {}) =>
  judge({ ledger: ledgerOf(rows, { ...changes, ...more }, { from: T, for: lasts }) })

describe('harm that is certain but too small for the objective', () => {
  it('neither rolls back nor advances, and the sentence says why and what can be done', () => {
    const found = explain(slight(20), 300)
    expect(found.lnE).toBeGreaterThan(found.lnThreshold)
    expect(found).toMatchObject({ verdict: 'hold', reason: 'inconclusive' })
    expect(found.sentence).toMatch(
      /^Holding at 50 %: worse than stable for certain, but too few to roll back: 0\.08 % of the canary's requests, the objective asks for 0\.25 %; the step does not end while that stands: promote or abort; errors are 3× stable /,
    )
  })

  it('is no news before the step would end', () => {
    const found = explain(slight(20), 600)
    expect(found).toMatchObject({ verdict: 'hold', reason: 'notYet' })
    expect(found.sentence).toContain('5m of 10m analysed, worse than stable for certain, but too few to roll back: ')
  })

  it('goes back at the deadline where that is wanted, and says when', () => {
    const found = explain(slight(20), 300, { deadline: 600, onInconclusive: 'rollback' })
    expect(found.sentence).toContain('promote or abort, or it goes back after 5m more of data;')
    expect(explain(slight(40), 300, { deadline: 600, onInconclusive: 'rollback' })).toMatchObject({
      reason: 'deadline',
    })
  })

  it('tells how many more bad requests would roll back', () => {
    const rows = slight(20)
    const needed = explain(rows, 600).metrics[0]?.needed.badToRollback ?? NaN
    const after = (bad: number): string =>
      explain([...rows, { errors: [10_000, 10_000, bad, 4], weight: 50 }], 600).verdict
    expect(needed).toBeGreaterThan(100)
    expect([after(needed - 1), after(needed)]).toEqual(['hold', 'rollback'])
  })

  it('is counted in requests where they are fewer than three', () => {
    const found = explain([{ errors: [10, 100_000, 2, 0], weight: 1 }], 15, { falseRollback: 0.5, slots: 1 })
    expect(found.sentence).toContain('too few to roll back: 2 requests more than stable would have, 3 are asked for;')
  })

  it('stops a ramp as well', () => {
    const ledger = ledgerOf(slight(20), { ...changes, ramp: { ladder: [50, 75], dwell: 0 } })
    const found = judge({ ledger: { ...ledger, running: { kind: 'ramp', from: T } } })
    expect(found).toMatchObject({ verdict: 'hold', reason: 'inconclusive' })
    expect(found.sentence).toContain('but too few to roll back: ')
  })
})

it('harm that only the objective shows is told as such', () => {
  const rows = times(1, { errors: [200, 0, 2, 0] as Cell, weight: 100 })
  const ledger = ledgerOf(rows, { slots: 1, slo: 0.99999 }, { from: T, for: 15 })
  expect(judge({ ledger }).sentence).toMatch(
    /^Holding at 100 %: worse than the objective for certain, but too few to roll back: 1 request more than the objective allows, 3 are asked for; /,
  )
})
