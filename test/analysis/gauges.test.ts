import { describe, expect, it } from 'vitest'
import { checkCel, judge } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { clean, ledgerOf, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

type Gauge = Extract<Policy['metrics'][number], { kind: 'gauge' }>

const queue = (changes: Partial<Gauge> = {}): Gauge => ({
  name: 'queue',
  kind: 'gauge',
  query: 'sum(queue)',
  bounds: { max: 100 },
  advisory: false,
  ...changes,
})
const metrics = (...gauges: Gauge[]): Policy['metrics'] => [{ name: 'errors', kind: 'requests' }, ...gauges]

/** One clean row per value; without one the gauge said nothing. */
const rows = (...values: (number | undefined)[]): ShortRow[] =>
  values.map((value) => ({ ...clean, ...(value === undefined ? {} : { gauges: { queue: value } }) }))

const analyze = { from: T, for: 30 }
const verdictOf = (short: ShortRow[], gauge: Gauge = queue()): string => {
  const { verdict, reason, row } = judge({ ledger: ledgerOf(short, { metrics: metrics(gauge) }, analyze) })
  return `${verdict} ${reason} ${row}`
}

describe('the bound of a gauge', () => {
  it('that is exceeded in two rows one after the other rolls back', () => {
    expect(verdictOf(rows(90, 101))).not.toContain('rollback')
    expect(verdictOf(rows(90, 101, 102))).toBe('rollback bound 2')
    expect(verdictOf(rows(101, 90, 101, 90))).not.toContain('rollback')
  })

  it.each([
    ['max', { max: 100 }, 100, 100.5],
    ['min', { min: 3 }, 3, 2.9],
    ['cel', { cel: 'value < 10.0 || value > 20.0' }, 5, 15],
    ['both of them', { max: 100, min: 3 }, 50, 2],
  ] as [string, Gauge['bounds'], number, number][])('may be %s', (_, bounds, inside, outside) => {
    expect(verdictOf(rows(inside, inside), queue({ bounds }))).toBe('advance clean 1')
    expect(verdictOf(rows(outside, outside), queue({ bounds }))).toBe('rollback bound 1')
  })

  it('that is exceeded now lets no step end, and is named', () => {
    const outside = judge({ ledger: ledgerOf(rows(90, 90, 101), { metrics: metrics(queue()) }, analyze) })
    expect(outside).toMatchObject({ verdict: 'hold', reason: 'notYet' })
    expect(outside.sentence).toMatch(/; queue is 101, outside its bound \(at most 100\)\.$/)
    const bare = (value: number): ShortRow => ({ cells: {}, gauges: { queue: value } })
    const only = judge({ ledger: ledgerOf([bare(90), bare(90), bare(101)], { metrics: [queue()] }, analyze) })
    expect(only.sentence).toBe('Holding at 25 %: 45s of 30s analysed; queue is 101, outside its bound (at most 100).')
    const promoting: Partial<Policy> = { metrics: [queue()], deadline: 30, onInconclusive: 'promote' }
    expect(judge({ ledger: ledgerOf([bare(90), bare(101)], promoting, analyze) }).verdict).toBe('hold')
  })

  it('that has no value is not called kept', () => {
    const heap = queue({ name: 'heap', advisory: true })
    const ledger = ledgerOf([{ cells: {}, gauges: { queue: 1 } }], { metrics: [queue(), heap] }, analyze)
    expect(judge({ ledger }).sentence).toBe('Holding at 25 %: 15s of 30s analysed; all bounds with a value are kept.')
  })

  it('that is exceeded lets no ramp rise', () => {
    const climbing = times(4, { errors: [100, 300, 0, 0], weight: 25, gauges: { queue: 1 } })
    const verdict = (last: number): string => {
      const ledger = ledgerOf(climbing.with(3, { ...climbing[3], gauges: { queue: last } }), {
        metrics: metrics(queue()),
        ramp: { ladder: [25, 50], dwell: 0 },
      })
      return judge({ ledger: { ...ledger, running: { kind: 'ramp', from: T } } }).verdict
    }
    expect([verdict(1), verdict(101)]).toEqual(['advance', 'hold'])
  })

  it('does not count in the warm-up, in gaps, or without canary traffic', () => {
    const [first = {}, second = {}] = rows(101, 101)
    expect(verdictOf([first, { ...second, flag: 'warmup' }])).toBe('hold notYet 1')
    expect(verdictOf([first, { ...second, flag: 'warmup' }, second])).toBe('rollback bound 2')
    expect(verdictOf([{ ...first, weight: 0 }, second])).not.toContain('rollback')
  })

  it.each([
    ['across a gap', { ...clean, flag: 'gap' as const, gauges: { queue: 101 } }],
    ['across a retreat', { ...clean, flag: 'retreat' as const }],
  ])('does not count %s', (_, between) => {
    const [row = {}] = rows(101)
    expect(verdictOf([row, between, row])).not.toContain('rollback')
    expect(verdictOf([row, between, row, row])).toBe('rollback bound 3')
  })

  it('does not count across a time that nobody looked at, or another weight', () => {
    const [row = {}] = rows(101)
    expect(verdictOf([row, { ...row, t0: T + 600, t1: T + 615 }])).not.toContain('rollback')
    expect(verdictOf([row, { ...row, slot: 1, weight: 50 }])).not.toContain('rollback')
  })

  it('begins anew after a row without a value', () => {
    expect(verdictOf(rows(101, undefined, 101))).not.toContain('rollback')
  })

  it('that is advisory is only told', () => {
    const gauge = queue({ advisory: true })
    expect(verdictOf(rows(101, 101, 101), gauge)).toBe('advance clean 2')
    expect(verdictOf(rows(undefined, undefined), gauge)).toBe('advance clean 1')
    const { sentence } = judge({ ledger: ledgerOf(rows(1, 101), { metrics: metrics(gauge) }, analyze) })
    expect(sentence).toMatch(/^Advancing .*; queue is 101, outside its bound \(at most 100, advisory\)\.$/)
    expect(judge({ ledger: ledgerOf(rows(101), { metrics: metrics(gauge) }) }).gauges).toEqual([
      { name: 'queue', value: 101, within: false, advisory: true, query: '' },
    ])
  })

  it('holds while there is no value, and the step does not count the row', () => {
    expect(verdictOf(rows(90, undefined))).toBe('hold noData 1')
    expect(verdictOf(rows(90, undefined, 90))).toBe('advance clean 2')
    expect(judge({ ledger: ledgerOf(rows(90, undefined), { metrics: metrics(queue()) }, analyze) })).toMatchObject({
      gauges: [{ value: null, within: false }],
      sentence: expect.stringContaining('no data for queue from Prometheus since') as string,
    })
  })

  it.each([
    ['cannot be parsed', 'value <', 'Unexpected token'],
    ['does not type', 'value * 2 < 3', 'no such overload'],
    ['is no condition', 'value + 1.0', 'neither true nor false'],
  ])('whose cel %s holds and says so', (_, cel, why) => {
    const explanation = judge({
      ledger: ledgerOf(rows(1, 1, 1), { metrics: metrics(queue({ bounds: { cel } })) }, analyze),
    })
    expect(explanation).toMatchObject({ verdict: 'hold', reason: 'noData' })
    expect(explanation.sentence).toMatch(
      /^Holding at 25 %: the cel of queue cannot be judged by: .*; mend analysis\.metrics and release again, or promote or abort\.$/,
    )
    expect(explanation.sentence).toContain(why)
    expect(checkCel(cel)).toContain(why)
  })

  it('whose cel is sound is told so without a value', () => {
    expect(checkCel('value < 1e9 && value > 0.0')).toBeUndefined()
    expect(checkCel('valeu < 1.0')).toBe('Unknown variable: valeu')
  })

  it('whose cel cannot tell about one value only holds as well', () => {
    const gauge = queue({ bounds: { cel: '[true][int(value)]' } })
    expect(checkCel('[true][int(value)]')).toBeUndefined()
    expect(verdictOf(rows(0, 0), gauge)).toBe('advance clean 1')
    expect(verdictOf(rows(0, 5), gauge)).toBe('hold noData 1')
  })

  it('is all there is to watch where no other metric is declared', () => {
    const only = (short: ShortRow[]): string => {
      const { verdict, reason, sentence } = judge({ ledger: ledgerOf(short, { metrics: [queue()] }, analyze) })
      return `${verdict} ${reason}: ${sentence}`
    }
    const bare = (value?: number): ShortRow => ({
      cells: {},
      ...(value === undefined ? {} : { gauges: { queue: value } }),
    })
    expect(only([bare(1), bare(1)])).toBe('advance clean: Advancing from 25 %: all bounds are kept.')
    expect(only([bare(1), bare()])).toMatch(/^hold noData: Holding at 25 %: no data from Prometheus since /)
    expect(only([bare(101), bare(101)])).toMatch(/^rollback bound/)
  })

  it('is named in the sentence, with the value', () => {
    expect(
      judge({ ledger: ledgerOf(rows(120, 140.25), { metrics: metrics(queue({ bounds: { max: 100, min: 1 } })) }) })
        .sentence,
    ).toBe(
      'Rolled back: queue is 140.25, outside its bound (at most 100 and at least 1) in two rows one after the other.',
    )
  })

  it('decides after what a release costs', () => {
    const creeping = times(120, { errors: [10_000, 10_000, 112, 100], weight: 50, gauges: { queue: 1 } })
    const changes = { metrics: metrics(queue()), slots: 40, toleratedRatio: 2 }
    const { row, reason } = judge({ ledger: ledgerOf(creeping, changes) })
    expect(reason).toBe('budget')
    const broken = creeping.map((short, i): ShortRow =>
      i === row - 1 || i === row ? { ...short, gauges: { queue: 101 } } : short,
    )
    expect(judge({ ledger: ledgerOf(broken, changes) })).toMatchObject({ reason: 'budget', row })
    const sooner = broken.with(row - 2, broken[row] ?? {})
    expect(judge({ ledger: ledgerOf(sooner, changes) })).toMatchObject({ reason: 'bound', row: row - 1 })
  })
})
