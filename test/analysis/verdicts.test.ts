import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLedger, encodeLedger, judge, type Cell, type Ledger, type Row } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { policy, T } from './shop.ts'

/** Ledgers in which everything occurs: every kind of metric, step, flag and trouble. */

const optional = <V>(value: fc.Arbitrary<V>): fc.Arbitrary<V | undefined> => fc.option(value, { nil: undefined })

const rarely = <V>(value: V, often = 30): fc.Arbitrary<V | undefined> =>
  fc.constantFrom(...Array.from({ length: often }, () => undefined), value)

/** Bad events of canary and baseline, most often none. */
const bad = fc.tuple(fc.integer({ min: -60, max: 20 }), fc.integer({ min: -60, max: 20 }))

const KEYS = ['errors', 'latency:250', 'latency:1000', 'cart']
const bads = fc.record(Object.fromEntries(KEYS.map((key) => [key, bad])), { noNullPrototype: true })
const pairs = (...keys: string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, fc.tuple(fc.nat(99), fc.nat(9))])), { noNullPrototype: true })

const change = fc.record({
  isNew: fc.constantFrom(false, false, false, false, false, true),
  flag: fc.oneof(rarely('warmup' as const), rarely('gap' as const), rarely('retreat' as const, 15)),
  ready: fc.nat(3),
  crash: rarely(true, 300),
  bareFor: rarely(5, 5),
  replaced: rarely(true),
  tooManySeries: rarely(true),
  missing: rarely('nobody answers'),
  requests: fc.constantFrom(0, 40, 400, 4_000),
  skew: fc.constantFrom(0, 0, 0, 30),
  bads: fc.oneof({ weight: 30, arbitrary: bads }, { weight: 1, arbitrary: fc.constant({}) }),
  gauges: fc.oneof(
    { weight: 20, arbitrary: fc.nat(92).map((queue) => ({ queue })) },
    { weight: 1, arbitrary: fc.constant({}) },
  ),
  pods: optional(pairs('a', 'b')),
  classes: optional(pairs('code:503', 'flag:UF', 'client:DC')),
})

const changes = fc.record({
  slots: fc.integer({ min: 1, max: 6 }),
  falseRollback: fc.constantFrom(0.01, 1e-12, 1e-200),
  errorBudget: fc.constantFrom(10, 5_000, 5_000),
  slo: optional(fc.constantFrom(0.5, 0.99, 0.999)),
  enforceSlo: fc.boolean(),
  replaceLocalised: fc.boolean(),
  deadline: fc.constantFrom(120, 7_200),
  onInconclusive: fc.constantFrom('hold', 'promote', 'rollback'),
  burst: fc.constantFrom(1, 3),
  shadow: fc.subarray(['flagger', 'argo'] as const),
})

const METRICS: Policy['metrics'] = [
  { name: 'errors', kind: 'requests' },
  { name: 'latency', kind: 'latency', slowerThanMs: 200, boundariesMs: [250, 1_000] },
  { name: 'cart', kind: 'counters', total: 'all', bad: 'bad' },
  { name: 'queue', kind: 'gauge', query: 'queue', bounds: { max: 90, cel: 'value != 7.0' }, advisory: false },
]

const running = fc.constantFrom<NonNullable<Ledger['running']>[]>(
  { kind: 'analyze', from: T, for: 60 },
  { kind: 'bake', from: T + 30, for: 60 },
  { kind: 'ramp', from: T },
)

const cellsOf = (bads: Record<string, [number, number]>, nc: number, nb: number): Record<string, Cell> =>
  Object.fromEntries(
    Object.entries(bads).map(([key, [xc, xb]]) => [
      key,
      [nc, nb, Math.min(nc, Math.max(0, xc)), Math.min(nb, Math.max(0, xb))],
    ]),
  )

const present = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))

const ledger = fc
  .record({
    rows: fc.array(change, { maxLength: 25 }),
    changes,
    metrics: fc.subarray(METRICS, { minLength: 1 }),
    running: optional(running),
    rate: optional(fc.nat(500)),
    first: fc.nat(5),
  })
  .map(({ rows, changes, metrics, running, rate, first }): Ledger => {
    const weights = [1, 5, 25, 50, 95, 100]
    let slot = 0
    return {
      v: 1,
      canary: 'c',
      baseline: 'b',
      policy: policy(present({ ...changes, metrics, ramp: { ladder: [1, 5, 25, 50], dwell: 0 } })),
      sources: [{ metric: 'errors', query: 'q', window: '1m' }],
      ...(rate === undefined ? {} : { before: { rate } }),
      ...(running ? { running } : {}),
      rows: rows.map(({ isNew, requests, skew, bads, ...row }, i): Row => {
        if (isNew) slot += 1
        const weight = weights[(first + slot) % weights.length] ?? 1
        const canary = Math.min(requests, Math.round((requests * (weight + skew)) / 100))
        return present({
          t0: T + 15 * i,
          t1: T + 15 * i + 15,
          weight,
          slot,
          ...row,
          cells: cellsOf(bads, canary, requests - canary),
        }) as Row
      }),
    }
  })

describe('every verdict', () => {
  it('is the same to the byte from storage, has a sentence, and is plain JSON', () => {
    const reasons = new Set<string>()
    fc.assert(
      fc.property(ledger, (whole) => {
        const explanation = judge({ ledger: whole })
        reasons.add(`${explanation.verdict} ${explanation.reason}`)
        expect(JSON.stringify(judge({ ledger: decodeLedger(encodeLedger(whole)) }))).toBe(JSON.stringify(explanation))
        expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation)
        expect(explanation.sentence).toMatch(/^(Rolled back|Retreating|Holding|Watching|Advancing)\b.*[\w%)]\.$/)
        expect(explanation.sentence).not.toMatch(/NaN|undefined|null|Infinity|\[object/)
      }),
      { numRuns: 500, seed: 4 },
    )
    // Otherwise these ledgers would prove little.
    expect(reasons.size).toBeGreaterThanOrEqual(15)
  })
})
