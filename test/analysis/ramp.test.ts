import { describe, expect, it } from 'vitest'
import { firstRung, judge, type Cell, type Ledger } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { ledgerOf, silent, times, type ShortRow } from './ledgers.ts'
import { policy, T } from './shop.ts'

const LADDER = [1, 2, 5, 10, 25, 50]
const ramp = { ladder: LADDER, dwell: 0 }

function climbing(rows: ShortRow[], changes: Partial<Policy> = {}, before?: Ledger['before']): Ledger {
  const ledger = ledgerOf(rows, { ramp, slots: 6, ...changes })
  return { ...ledger, running: { kind: 'ramp', from: T }, ...(before ? { before } : {}) }
}

const verdictOf = (rows: ShortRow[], changes: Partial<Policy> = {}): string => {
  const { verdict, reason, row } = judge({ ledger: climbing(rows, changes) })
  return `${verdict} ${reason} ${row}`
}
const nextOf = (rows: ShortRow[], changes: Partial<Policy> = {}): number | null | undefined =>
  judge({ ledger: climbing(rows, changes) }).ramp?.next

/** Rows of 1 500 requests at a weight. */
const at = (weight: number, slot: number, count: number, bad: [number, number] = [0, 0]): ShortRow[] =>
  times(count, { weight, slot, errors: [15 * weight, 1_500 - 15 * weight, ...bad] as Cell })

describe('the first weight of a ramp', () => {
  const first = (rate: number | undefined, changes: Partial<Policy> = {}): number =>
    firstRung({ policy: policy({ ramp, ...changes }), before: rate === undefined ? {} : { rate } })

  it.each([
    [100, 1],
    [10, 10],
    [5, 10],
    [4, 25],
    [1, 50],
    [0.5, 50],
    [1_000, 1],
  ])('at %d requests per second is %d %%: were all of them to fail, the budget would last 45 s', (rate, rung) => {
    expect(first(rate)).toBe(rung)
  })

  it('is the lowest rung while the traffic is unknown', () => {
    expect(first(undefined)).toBe(1)
    expect(firstRung({ policy: policy({ ramp }) })).toBe(1)
  })

  it.each([0, 0.49])('is the lowest rung at %d requests per second: the next may be of another day', (rate) => {
    expect(first(rate)).toBe(1)
  })

  it('is a rung that the budget meets exactly', () => {
    expect(first(100, { errorBudget: 45 })).toBe(1)
    expect(first(100, { errorBudget: 90 })).toBe(2)
    expect(first(100, { errorBudget: 89 })).toBe(1)
  })

  it('is refused where the policy has no ladder', () => {
    expect(() => firstRung({ policy: policy() })).toThrow('no ladder')
    expect(() => judge({ ledger: { ...ledgerOf([silent]), running: { kind: 'ramp', from: T } } })).toThrow('no ladder')
  })
})

describe('a ramp', () => {
  it('rises after 45 s and two rows at one weight, as far as the budget allows', () => {
    expect(verdictOf(at(1, 0, 2))).toBe('hold notYet 1')
    expect(verdictOf(at(1, 0, 3))).toBe('advance nextRung 2')
    expect(nextOf(at(1, 0, 3))).toBe(5)
    expect(nextOf(at(1, 0, 7))).toBe(10)
    expect(verdictOf(at(1, 0, 1), { interval: 60 })).toBe('hold notYet 0')
    expect(verdictOf(at(1, 0, 2), { interval: 60 })).toBe('advance nextRung 1')
  })

  it('skips no further than what is still possible: bad events make its steps smaller', () => {
    expect(nextOf(at(1, 0, 40))).toBe(50)
    expect(nextOf([...at(1, 0, 39), ...at(1, 0, 1, [6, 0])], { slots: 40 })).toBe(25)
  })

  it('does not rise before twenty requests were seen at a weight', () => {
    expect(verdictOf(times(40, { weight: 1, slot: 0, errors: [0, 0, 0, 0] as Cell }))).toBe('hold notYet 39')
    const few = times(19, { weight: 1, slot: 0, errors: [1, 99, 0, 0] as Cell })
    expect(verdictOf(few)).toBe('hold notYet 18')
    expect(judge({ ledger: climbing(few) }).sentence).toMatch(
      /^Holding at 1 %: 19 of 20 canary requests seen at this weight; /,
    )
    expect(verdictOf([...few, ...few.slice(0, 1)])).toBe('advance nextRung 19')
    const next = few.map((row): ShortRow => ({ ...row, slot: 1 }))
    expect(verdictOf([...few, ...next])).toBe('hold notYet 37')
  })

  it('stays where it is while nobody knows the traffic', () => {
    const night = times(20, { weight: 1, slot: 0, errors: [0, 0, 0, 0] as Cell })
    const evening = times(20, { weight: 1, slot: 0, errors: [1, 99, 0, 0] as Cell })
    expect(verdictOf([...evening, ...night])).toBe('hold notYet 39')
  })

  it('counts the time at each weight anew', () => {
    expect(verdictOf([...at(1, 0, 3), ...at(5, 1, 2)])).toBe('hold notYet 4')
    expect(verdictOf([...at(1, 0, 3), ...at(5, 1, 3)])).toBe('advance nextRung 5')
  })

  it('does not rise on rows without data, in warm-up, or against evidence', () => {
    expect(verdictOf([...at(1, 0, 2), { ...silent, weight: 1 }])).toBe('hold noData 2')
    expect(verdictOf(at(1, 0, 4).map((row) => ({ ...row, flag: 'warmup' as const })))).toBe('hold notYet 3')
    const doubtful = [...at(5, 0, 3), { weight: 5, slot: 0, errors: [75, 74_925, 2, 0] as Cell }]
    expect(judge({ ledger: climbing(doubtful, { slots: 1 }) }).lnE).toBeGreaterThan(Math.log(100))
    expect(verdictOf(doubtful, { slots: 1 })).toMatch(/^hold/)
  })

  it('measures its traffic by the last twenty rows, not by what was before', () => {
    const slow = times(23, { weight: 1, slot: 0, errors: [1, 99, 0, 0] as Cell })
    expect(judge({ ledger: climbing(slow, {}, { rate: 100_000 }) }).ramp?.next).toBe(50)
  })

  it('tells what the budget allows while it holds', () => {
    const { ramp: told } = judge({ ledger: climbing(at(1, 0, 2, [1, 20])) })
    expect(told).toMatchObject({ budget: 50, next: 2, baselineRate: 0.013468 })
    expect(told?.spent).toBeCloseTo(2 - (2 * 15 * 20) / 1_485, 4)
    expect(told?.upper).toBeGreaterThan(2 / 30)
    expect(judge({ ledger: ledgerOf(at(1, 0, 2), { ramp }) }).ramp).toBeUndefined()
  })

  it('never falls', () => {
    const rows = [...at(1, 0, 3), ...at(25, 1, 3, [9, 25])]
    expect(judge({ ledger: climbing(rows) })).toMatchObject({ verdict: 'hold', reason: 'notYet', ramp: { next: 25 } })
  })
})

describe('the end of a ramp', () => {
  const good = (count: number): ShortRow[] => at(50, 0, count, [2, 2])

  it('is reached when the canary is shown to be less than twice as bad', () => {
    const end = judge({ ledger: climbing(good(40)) })
    expect(end).toMatchObject({ verdict: 'advance', reason: 'notInferior', ramp: { next: null } })
    expect(end.ramp?.lnNonInferior).toBeGreaterThan(Math.log(20))
    expect(end.ramp?.lnBelowSlo).toBeUndefined()
    expect(verdictOf(good(15))).toBe('hold notYet 14')
  })

  it('needs more where less is tolerated', () => {
    const rows = good(40)
    expect(verdictOf(rows, { promoteRatio: 1.5 })).toBe('hold notYet 39')
  })

  it('is not shown by rows at lower weights', () => {
    const before = at(25, 0, 60, [1, 3])
    expect(verdictOf([...before, ...at(50, 1, 5, [2, 2])])).toBe('hold notYet 64')
    expect(verdictOf([...before, ...at(50, 1, 40, [2, 2])])).toBe('advance notInferior 99')
  })

  it('may come by the objective, which a service without errors keeps', () => {
    const spotless = at(50, 0, 12)
    expect(verdictOf(spotless)).toBe('hold notYet 11')
    expect(judge({ ledger: climbing(spotless, { slo: 0.999 }) })).toMatchObject({
      verdict: 'advance',
      reason: 'belowSlo',
      ramp: { next: null },
    })
    expect(verdictOf(at(50, 0, 5), { slo: 0.999 })).toBe('hold notYet 4')
  })

  it('waits for the dwell', () => {
    expect(verdictOf(good(40), { ramp: { ladder: LADDER, dwell: 601 } })).toBe('hold notYet 39')
    expect(verdictOf(good(40), { ramp: { ladder: LADDER, dwell: 600 } })).toBe('advance notInferior 39')
  })

  it('is a matter of the deadline where nothing can be shown', () => {
    const rows = at(50, 0, 10)
    expect(verdictOf(rows, { deadline: 120 })).toBe('hold inconclusive 9')
    expect(verdictOf(rows, { deadline: 120, onInconclusive: 'rollback' })).toBe('rollback deadline 7')
    const alike = at(50, 0, 10, [1, 1])
    expect(judge({ ledger: climbing(alike, { deadline: 120, onInconclusive: 'promote' }) })).toMatchObject({
      reason: 'deadlinePromote',
      ramp: { next: null },
    })
  })

  it('is not reached by a canary that is twice as bad', () => {
    expect(verdictOf(at(50, 0, 40, [4, 2]))).toMatch(/^(hold|rollback)/)
  })

  it('is as many good rows away as it says', () => {
    const rows = good(5)
    const needed = judge({ ledger: climbing(rows) }).metrics[0]?.needed.cleanRowsToPromote ?? NaN
    expect(verdictOf(good(5 + needed))).toMatch(/^advance/)
    expect(verdictOf(good(4 + needed))).toMatch(/^hold/)
  })

  it('is counted from the last weight while it is not there', () => {
    const clean = (rows: ShortRow[], changes = {}): number | null | undefined =>
      judge({ ledger: climbing(rows, changes) }).metrics[0]?.needed.cleanRowsToPromote
    const fromTheTop = clean([...at(10, 0, 3, [1, 9])])
    expect(fromTheTop).toBeGreaterThan(3)
    expect(clean(at(10, 0, 3, [0, 0]))).toBeNull()
    expect(clean(at(10, 0, 3, [0, 0]), { slo: 0.999 })).toBeGreaterThan(5)
    expect(clean([{ ...silent, weight: 1 }])).toBeNull()
  })
})

describe('the sentence of a ramp', () => {
  const sentenceOf = (rows: ShortRow[], changes: Partial<Policy> = {}): string =>
    judge({ ledger: climbing(rows, changes) }).sentence

  it.each([
    [
      'that rises',
      at(1, 0, 3),
      {},
      'Advancing from 1 % to 5 %: the error budget allows it, 0 of 50 failed requests spent; no errors on either side — canary 0 of 45, stable 0 of 4 455; evidence 1 : 1, threshold 100 : 1.',
    ],
    [
      'that has just risen',
      at(1, 0, 2),
      {},
      'Holding at 1 %: 30s of 45s seen at this weight; no errors on either side — canary 0 of 30, stable 0 of 2 970; evidence 1 : 1, threshold 100 : 1.',
    ],
  ] as [string, ShortRow[], Partial<Policy>, string][])('%s', (_, rows, changes, sentence) => {
    expect(sentenceOf(rows, changes)).toBe(sentence)
  })

  it('that may not rise says what the budget allows', () => {
    expect(sentenceOf([...at(1, 0, 3), ...at(25, 1, 3, [9, 25])])).toMatch(
      /^Holding at 25 %: the error budget allows \d+ % until more is known, \d of 50 failed requests spent; errors are /,
    )
  })

  it('that ends says why', () => {
    expect(sentenceOf(at(50, 0, 40, [2, 2]))).toMatch(
      /^Advancing from 50 %: the canary is less than 2× as bad as stable \([\d ]+ : 1, threshold 20 : 1\); errors are [\d.]+× stable /,
    )
    expect(sentenceOf(at(50, 0, 12), { slo: 0.999 })).toMatch(
      /^Advancing from 50 %: the canary keeps the objective of 99\.9 % \([\d ]+ : 1, threshold 100 : 1\); no errors on either side /,
    )
  })

  it('that cannot end says what would help', () => {
    expect(sentenceOf(at(50, 0, 12))).toContain(
      'not yet shown to be less than 2× as bad as stable (1 : 1 of 20 : 1); stable has no errors to compare with: analysis.slo would let the ramp end;',
    )
    expect(sentenceOf(at(50, 0, 5), { slo: 0.999 })).toMatch(
      / or within the objective \([\d.]+ : 1 of 100 : 1\); no errors/,
    )
  })
})
