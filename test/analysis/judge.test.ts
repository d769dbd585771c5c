import { describe, expect, it } from 'vitest'
import { judge, type Cell } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { bare, clean, errors, ledgerOf, silent, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'
import { A } from './vectors.ts'

type Analyze = { from: number; for: number }

function verdictOf(rows: ShortRow[], changes: Partial<Policy> = {}, analyze?: Analyze) {
  const { verdict, reason, row } = judge({ ledger: ledgerOf(rows, changes, analyze) })
  return `${verdict} ${reason} ${row}`
}

describe('evidence', () => {
  it('rolls back where it reaches the threshold, and stays with that row', () => {
    const rows = errors(A)
    expect(verdictOf(rows.slice(0, 5), { slots: 1 })).toBe('hold notYet 4')
    expect(verdictOf(rows, { slots: 1 })).toBe('rollback evidence 5')
    expect(verdictOf([...rows, ...times(3, clean)], { slots: 1 })).toBe('rollback evidence 5')
  })

  it('needs more where more restart slots were agreed on', () => {
    expect(verdictOf(errors(A), { slots: 4 })).toBe('hold notYet 5')
  })

  it('finds what begins at a later weight by its restart slot', () => {
    const late = (slot: number): ShortRow[] => [
      ...times(60, { errors: [100, 1_900, 0, 4], weight: 5 }),
      ...times(5, { errors: [500, 500, 6, 1], weight: 50, slot }),
    ]
    const { slot, excess } = judge({ ledger: ledgerOf(late(1)) }).metrics[0] ?? {}
    expect(slot).toMatchObject({ index: 1, startRow: 60 })
    expect(excess?.S).toBeGreaterThan(3)
    expect(verdictOf(late(1))).toBe('rollback evidence 64')
    expect(verdictOf(late(0))).toBe('hold notYet 64')
  })

  it('does not decide on fewer than three bad events more than expected', () => {
    const two = errors([[100, 99_900, 2, 0]])
    expect(judge({ ledger: ledgerOf(two, { slots: 1 }) }).lnE).toBeGreaterThan(Math.log(100))
    expect(verdictOf(two, { slots: 1 })).toBe('hold notYet 0')
    expect(verdictOf(errors([[100, 99_900, 4, 0]]), { slots: 1 })).toBe('rollback evidence 0')
  })

  it('does not decide on what is small beside the objective', () => {
    const few = errors([[40_000, 400_000, 5, 0]])
    expect(verdictOf(few, { slots: 1 })).toBe('rollback evidence 0')
    expect(verdictOf(few, { slots: 1, slo: 0.999 })).toBe('hold notYet 0')
  })

  it('leaves out rows with a flag', () => {
    const flagged = errors(A).map((row, i): ShortRow => (i === 5 ? { ...row, flag: 'warmup' } : row))
    expect(verdictOf(flagged, { slots: 1 })).toBe('hold notYet 5')
    expect(judge({ ledger: ledgerOf(flagged) }).data).toMatchObject({ rowsUsed: 5, excluded: { warmup: 1 } })
  })

  it('is an average over the metrics that were declared, and over the boundaries of a latency metric', () => {
    const metrics: Policy['metrics'] = [
      { name: 'errors', kind: 'requests' },
      { name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] },
    ]
    const slow = times(4, { errors: [100, 300, 0, 1], latency: [100, 300, 10, 3] })
    const explanation = judge({ ledger: ledgerOf(slow, { metrics }) })
    expect(explanation).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    expect(explanation.metrics.map(({ omega }) => omega)).toEqual([0.625, 0.375])
    expect(explanation.metrics[1]?.share).toBeGreaterThan(0.99)
    const lnE = Math.log(explanation.metrics.reduce((sum, metric) => sum + metric.omega * Math.exp(metric.lnE), 0))
    expect(explanation.lnE).toBeCloseTo(lnE, 4)
  })

  it('takes the boundary that the rows have where none was fixed', () => {
    const metrics: Policy['metrics'] = [{ name: 'latency', kind: 'latency', slowerThanMs: 200 }]
    const slow = times(4, { latency: [100, 300, 10, 3] })
    expect(verdictOf([silent, ...slow], { metrics })).toBe('rollback evidence 1')
  })

  it('tempered by bursts needs more', () => {
    expect(verdictOf(errors(A), { slots: 1, burst: 2 })).toBe('hold notYet 5')
  })
})

describe('the fast path', () => {
  it('rolls back when most canary requests fail and stable is well', () => {
    expect(verdictOf(errors([[20, 60, 19, 0]]))).toBe('rollback mostlyBad 0')
  })

  it('does not wait for the end of the warm-up', () => {
    expect(verdictOf([{ errors: [20, 60, 19, 0], flag: 'warmup' }])).toBe('rollback mostlyBad 0')
  })

  it('gathers rows of one step until there are twenty requests', () => {
    const rows = times(3, { errors: [8, 24, 8, 6] })
    expect(verdictOf(rows, { slots: 40 })).toBe('rollback mostlyBad 2')
    const split = rows.map((row, slot) => ({ ...row, slot }))
    expect(verdictOf(split, { slots: 40 })).toBe('hold notYet 2')
  })

  it('looks at stable in earlier rows of the step where the last one shows nothing of it', () => {
    const baking = (errors: Cell): ShortRow => ({ errors, weight: 95, slot: 1 })
    expect(verdictOf([baking([20, 0, 11, 0])])).toBe('hold notYet 0')
    expect(verdictOf([baking([20, 0, 20, 0]), baking([20, 1, 20, 0])], { slots: 40 })).toBe('rollback mostlyBad 1')
    const before = [baking([20, 2, 20, 2]), baking([20, 0, 20, 0]), baking([20, 0, 20, 0])]
    expect(verdictOf(before, { slots: 40 })).toBe('hold notYet 2')
    const well = before.with(0, baking([20, 2, 10, 0]))
    expect(verdictOf(well, { slots: 40 })).toBe('rollback mostlyBad 1')
    expect(verdictOf([{ errors: [20, 2, 0, 0], weight: 50 }, baking([20, 0, 20, 0])])).toBe('hold notYet 1')
  })

  it('needs no stable where there is none', () => {
    expect(verdictOf([{ errors: [20, 0, 11, 0], weight: 100 }])).toBe('rollback mostlyBad 0')
  })

  it('does not blame the canary for an outage that both share', () => {
    expect(verdictOf(errors([[100, 300, 90, 250]]))).toBe('hold notYet 0')
  })

  it('rolls back at once when a canary process ends by itself', () => {
    expect(verdictOf([clean, { cells: {}, ready: 0, crash: true }])).toBe('rollback crash 1')
    expect(verdictOf([clean, { cells: {}, ready: 0, crash: true, weight: 0 }])).toBe('hold noData 1')
  })
})

describe('the budget', () => {
  const creeping = times(60, { errors: [1_000, 1_000, 12, 11], weight: 50 })

  it('ends a release that costs too much, however uncertain the cause', () => {
    expect(verdictOf(creeping, { slots: 40 })).toBe('hold notYet 59')
    expect(verdictOf(times(120, { errors: [10_000, 10_000, 112, 100] }), { slots: 40, toleratedRatio: 2 })).toMatch(
      /^rollback budget/,
    )
  })

  it('is not spent by noise', () => {
    const noisy = times(100, { errors: [1_000, 1_000, 101, 100], weight: 50 })
    expect(verdictOf(noisy, { slots: 40 })).toBe('hold notYet 99')
  })
})

describe('pods that are gone', () => {
  it('are a retreat after two rows', () => {
    expect(verdictOf([clean, bare])).toBe('hold notYet 1')
    expect(verdictOf([clean, bare, bare])).toBe('retreat notReadyPods 2')
  })

  it('are a retreat at once after five seconds', () => {
    expect(verdictOf([clean, { ...bare, cells: {}, bareFor: 5 }])).toBe('retreat notReadyPods 1')
  })

  it('are a retreat until a later slot has answered it', () => {
    expect(verdictOf([clean, bare, bare, clean])).toBe('retreat notReadyPods 2')
    expect(verdictOf([clean, bare, bare, bare, { ...clean, slot: 2 }])).toBe('hold notYet 4')
  })

  it('are rolled back at the fourth time', () => {
    const episode = (slot: number): ShortRow[] => [clean, bare, bare, bare].map((row) => ({ ...row, slot }))
    const three = [0, 2, 4].flatMap(episode)
    expect(verdictOf(three)).toBe('retreat notReadyPods 10')
    expect(verdictOf([...three, { ...clean, slot: 6 }])).toBe('hold notYet 12')
    expect(verdictOf([...three, ...episode(6)])).toBe('rollback notReady 14')
  })

  it('are no evidence, whatever failed meanwhile', () => {
    const failing: ShortRow = { ...bare, errors: [40, 300, 40, 0] }
    expect(verdictOf([clean, failing])).toBe('hold notYet 1')
    expect(judge({ ledger: ledgerOf([clean, failing]) })).toMatchObject({ lnE: 0, data: { excluded: { retreat: 1 } } })
  })
})

describe('no data', () => {
  const analyze = { from: T, for: 30 }

  it('holds, and counts neither way', () => {
    expect(verdictOf([clean, silent], {}, analyze)).toBe('hold noData 1')
    expect(verdictOf([...times(3, clean), silent], {}, analyze)).toBe('hold noData 3')
    expect(verdictOf([...times(3, clean), silent, clean], {}, analyze)).toBe('advance clean 4')
  })

  it('of one metric holds as well', () => {
    const metrics: Policy['metrics'] = [
      { name: 'errors', kind: 'requests' },
      { name: 'latency', kind: 'latency', slowerThanMs: 250 },
    ]
    expect(verdictOf(times(4, clean), { metrics }, analyze)).toBe('hold noData 3')
    expect(verdictOf(times(4, { ...clean, latency: [100, 300, 0, 0] }), { metrics }, analyze)).toBe('advance clean 3')
  })

  it('is what a gap is', () => {
    expect(verdictOf([...times(3, clean), { ...clean, flag: 'gap' }], {}, analyze)).toBe('hold noData 3')
  })

  it('does not hide what the other metric proves', () => {
    const metrics: Policy['metrics'] = [
      { name: 'errors', kind: 'requests' },
      { name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] },
    ]
    expect(verdictOf(errors([[30, 90, 28, 0]]), { metrics })).toBe('rollback mostlyBad 0')
  })
})

describe('an analyze step', () => {
  it('advances when its time is covered by rows with data and fifty requests', () => {
    expect(verdictOf(times(2, clean), {}, { from: T, for: 45 })).toBe('hold notYet 1')
    expect(verdictOf(times(3, clean), {}, { from: T, for: 45 })).toBe('advance clean 2')
    const few = times(20, { errors: [2, 6, 0, 0] })
    expect(verdictOf(few, {}, { from: T, for: 45 })).toBe('hold notYet 19')
    expect(verdictOf([...few, ...times(5, { errors: [2, 6, 0, 0] })], {}, { from: T, for: 45 })).toBe(
      'advance clean 24',
    )
  })

  it('counts only rows that begin in it', () => {
    expect(verdictOf(times(3, clean), {}, { from: T + 1, for: 45 })).toBe('hold notYet 2')
    expect(verdictOf(times(4, clean), {}, { from: T + 1, for: 45 })).toBe('advance clean 3')
  })

  it('is the only right to advance', () => {
    expect(verdictOf(times(100, clean))).toBe('hold notYet 99')
  })

  it('does not advance at its threshold', () => {
    const doubtful = [...times(5, clean), ...errors([[100, 99_900, 2, 0]])]
    expect(verdictOf(doubtful, { slots: 1 }, { from: T, for: 45 })).toBe('hold inconclusive 5')
  })

  const undecided = times(10, { errors: [1, 3, 0, 0] })
  const limited = { deadline: 120 }
  it.each([
    ['hold', 'hold inconclusive 9'],
    ['promote', 'hold inconclusive 9'],
    ['rollback', 'rollback deadline 7'],
  ] as const)('over its deadline without evidence: %s', (onInconclusive, verdict) => {
    expect(verdictOf(undecided, { ...limited, onInconclusive }, { from: T, for: 60 })).toBe(verdict)
  })

  it('is promoted over its deadline when nothing speaks against it', () => {
    const rows = times(10, { errors: [2, 30, 0, 3], weight: 6 })
    expect(verdictOf(rows, { ...limited, onInconclusive: 'promote' }, { from: T, for: 60 })).toBe(
      'advance deadlinePromote 9',
    )
  })

  it('counts only rows with data towards its deadline', () => {
    const rows = [...undecided.slice(0, 4), ...times(20, silent), ...undecided.slice(0, 3)]
    expect(verdictOf(rows, { ...limited, onInconclusive: 'rollback' }, { from: T, for: 600 })).toBe('hold notYet 26')
  })
})

describe('a ledger', () => {
  it('without rows holds', () => {
    expect(judge({ ledger: ledgerOf([]) })).toMatchObject({ verdict: 'hold', reason: 'notYet', row: -1 })
  })

  it('with impossible counts is refused', () => {
    expect(() => judge({ ledger: ledgerOf(errors([[1, 1, 2, 0]])) })).toThrow(RangeError)
  })
})
