import { describe, expect, it } from 'vitest'
import { summaryOf, wilson } from '../../../analysis/backtest/index.ts'
import { binomial, seeded } from '../../../analysis/draw/index.ts'

describe('figures of a backtest', () => {
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [3, 1_000, 0.001, 0.0088],
  ])('have the interval of Wilson: %d of %d', (count, of, lower, upper) => {
    const found = wilson(count, of)
    expect(found.lower).toBeCloseTo(lower, 4)
    expect(found.upper).toBeCloseTo(upper, 4)
  })

  it('hold a share in 95 % of all samples, nearly', () => {
    const random = seeded(3)
    const held = Array.from({ length: 2_000 }, () => wilson(binomial(random, 400, 0.03), 400))
    const share = held.filter(({ lower, upper }) => lower <= 0.03 && 0.03 <= upper).length / held.length
    expect(share).toBeGreaterThan(0.93)
    expect(share).toBeLessThan(0.975)
  })

  it('hold the median in 95 % of all samples, nearly', () => {
    const random = seeded(4)
    const outcomes = () =>
      Array.from({ length: 200 }, () => ({ end: 'rolledBack' as const, seconds: random(), failed: 0 }))
    const held = Array.from({ length: 500 }, () => summaryOf(outcomes()).secondsToRollback)
    const share = held.filter((spread) => spread && spread.lower <= 0.5 && 0.5 <= spread.upper).length / held.length
    expect(share).toBeGreaterThan(0.92)
  })

  it('leave out times of what never happened', () => {
    const summary = summaryOf([{ end: 'promoted', seconds: 60, failed: 3 }])
    expect(summary).toMatchObject({ secondsToPromote: { median: 60 }, failed: { mean: 3 }, undecided: { count: 0 } })
    expect(summary).not.toHaveProperty('secondsToRollback')
    expect(() => summaryOf([])).toThrow('no replay was made')
  })
})
