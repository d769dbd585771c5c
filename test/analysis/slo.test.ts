import { describe, expect, it } from 'vitest'
import { judge, sloHarm, type Cell } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { errors, ledgerOf, times, type ShortRow } from './ledgers.ts'
import { A } from './vectors.ts'

const slo = { slots: 1, slo: 0.99 }
const explain = (rows: ShortRow[], changes: Partial<Policy> = {}) =>
  judge({ ledger: ledgerOf(rows, { ...slo, ...changes }) })
const reasonOf = (rows: ShortRow[], changes: Partial<Policy> = {}): string => {
  const { verdict, reason, row } = explain(rows, changes)
  return `${verdict} ${reason} ${row}`
}

/** Both versions miss the objective, and alike. */
const shared = times(20, { errors: [100, 300, 4, 12] as Cell })
/** All traffic is the canary's, as after a cut-over. */
const alone = (x: number, count: number): ShortRow[] => times(count, { errors: [200, 0, x, 0] as Cell, weight: 100 })

describe('the objective', () => {
  it('is a second opinion where there is a stable version to compare with', () => {
    const { advisory, lnE } = explain(errors(A))
    expect(advisory?.slo?.lnE).toBeCloseTo(sloHarm({ x: 10, n: 678, pStar: 0.01, k: 48 }), 4)
    expect(advisory?.slo?.lnThreshold).toBeCloseTo(Math.log(100), 4)
    expect(lnE).toBe(explain(errors(A), { slo: 0.5 }).lnE)
    expect(judge({ ledger: ledgerOf(errors(A)) }).advisory).toBeUndefined()
  })

  it('does not decide by itself', () => {
    const { advisory, verdict } = explain(shared)
    expect(advisory?.slo?.lnE).toBeGreaterThan(Math.log(100))
    expect(verdict).toBe('hold')
  })

  it('counts half where it is enforced, even if stable misses it as well', () => {
    const explanation = explain(shared, { enforceSlo: true })
    expect(explanation).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    const [metric] = explanation.metrics
    expect(Math.exp(metric?.lnE ?? 0)).toBeGreaterThan(Math.exp(explanation.advisory?.slo?.lnE ?? 0) / 2 - 1)
    expect(explanation.sentence).toMatch(
      /^Rolled back: errors are 4 % of the canary's requests, the objective allows 1 % — canary \d+ of [\d ]+, stable \d+ of [\d ]+; evidence \d+ : 1, threshold 100 : 1\.$/,
    )
  })

  it('that is enforced halves what the comparison says', () => {
    const both = explain(errors(A), { enforceSlo: true })
    const harm = explain(errors(A)).lnE
    const half = Math.log((Math.exp(harm) + Math.exp(both.advisory?.slo?.lnE ?? 0)) / 2)
    expect(both.lnE).toBeCloseTo(half, 4)
  })

  it('decides where nobody is left to compare with', () => {
    expect(reasonOf(alone(2, 20))).toBe('hold notYet 19')
    const found = explain(alone(10, 20))
    expect(found).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    expect(found.sentence).toMatch(
      /^Rolled back: errors are 5 % of the canary's requests, the objective allows 1 % — canary \d+ of [\d ]+, no stable beside it; evidence \d+ : 1, threshold 100 : 1\.$/,
    )
    expect(reasonOf(alone(10, 20), { slots: 4 })).toMatch(/^rollback evidence/)
    const { slo: _none, ...without } = slo
    expect(judge({ ledger: ledgerOf(alone(10, 20), without) }).verdict).toBe('hold')
  })

  it('leaves the word to the comparison once stable has requests', () => {
    expect(reasonOf([...alone(2, 1), ...shared])).toBe('hold notYet 20')
  })

  it('alone does not decide on fewer than three bad events too many', () => {
    expect(explain(alone(2, 1), { slo: 0.99999 }).lnE).toBeGreaterThan(Math.log(100))
    expect(reasonOf(alone(2, 1), { slo: 0.99999 })).toBe('hold notYet 0')
    expect(reasonOf(alone(4, 1), { slo: 0.99999 })).toBe('rollback evidence 0')
  })

  it('begins anew at a later weight, and with a new pod', () => {
    const late = [...alone(0, 60), ...alone(8, 6).map((row) => ({ ...row, slot: 1 }))]
    expect(reasonOf(late, { slots: 2 })).toMatch(/^rollback evidence/)
    expect(reasonOf(late, { slots: 1 })).toMatch(/^hold/)
    const replaced = [...alone(4, 9), ...alone(2, 3).map((row): ShortRow => ({ ...row, slot: 1 }))]
    const forgotten = replaced.with(9, { ...replaced[9], replaced: true })
    expect(explain(forgotten, { slots: 2, falseRollback: 1e-9 }).lnE).toBeLessThan(1)
    expect(explain(replaced, { slots: 2, falseRollback: 1e-9 }).lnE).toBeGreaterThan(2)
  })

  it('is tempered for bursts like everything else', () => {
    expect(explain(alone(10, 20), { falseRollback: 1e-200, burst: 2 }).lnE).toBeCloseTo(
      explain(alone(10, 20), { falseRollback: 1e-200 }).lnE / 2,
      3,
    )
  })

  it('below a half is no objective that could be tested', () => {
    expect(explain(errors(A), { slo: 0.3 }).advisory).toBeUndefined()
  })
})
