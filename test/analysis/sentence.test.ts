import { describe, expect, it } from 'vitest'
import { decodeLedger, encodeLedger, judge, ledgerHash } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { bare, clean, errors, ledgerOf, silent, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'
import { A } from './vectors.ts'

const sentenceOf = (rows: ShortRow[], changes: Partial<Policy> = {}, analyze?: { from: number; for: number }): string =>
  judge({ ledger: ledgerOf(rows, changes, analyze) }).sentence

const latency: Policy['metrics'] = [{ name: 'latency', kind: 'latency', slowerThanMs: 200, boundariesMs: [250] }]

describe('the sentence', () => {
  it('of a rollback gives ratio, counts and evidence', () => {
    expect(sentenceOf(errors(A), { slots: 1 })).toBe(
      'Rolled back: errors are 7.2× stable (95 %: 1.7–27) — canary 10 of 678, stable 15 of 8 317; evidence 366 : 1, threshold 100 : 1.',
    )
  })

  it('names the pod or the code that most of the excess came from', () => {
    const withPods = errors(A).map((row): ShortRow => ({ ...row, pods: { 'pod-1': [60, 2], 'pod-2': [53, 0] } }))
    expect(sentenceOf(withPods, { slots: 1 })).toMatch(/threshold 100 : 1; 100 % of the excess on pod pod-1\.$/)
    const withCodes = errors(A).map((row): ShortRow => ({
      ...row,
      classes: { 'code:503': [1, 0], 'client:DC': [9, 0] },
    }))
    expect(sentenceOf(withCodes, { slots: 1 })).toMatch(/; 69 % of the excess with code 503\.$/)
  })

  it('says since which weight when the fault began there', () => {
    const rows = [
      ...times(60, { errors: [100, 1_900, 0, 4], weight: 5 }),
      ...times(5, { errors: [500, 500, 6, 1], weight: 50, slot: 1 }),
    ]
    expect(sentenceOf(rows)).toBe(
      'Rolled back: since 50 % errors are 6× stable (95 %: 1.6–41) — canary 30 of 2 500, stable 5 of 2 500; evidence 103 : 1, threshold 100 : 1.',
    )
  })

  it('says so when stable had nothing bad', () => {
    expect(sentenceOf(errors([[200, 600, 9, 0]]))).toMatch(
      /^Rolled back: errors on the canary only \(95 %: at least [\d.]+× stable\) — canary 9 of 200, stable 0 of 600; /,
    )
  })

  it('of latency names the boundary', () => {
    expect(sentenceOf(times(5, { latency: [100, 300, 7, 5] }), { metrics: latency, slots: 1 })).toMatch(
      /^Rolled back: 4\.2× as many requests slower than 250 ms as stable \(95 %: [\d.]+–[\d.]+\) — canary \d+ of \d+, stable \d+ of [\d ]+; evidence \d+ : 1, threshold 100 : 1\.$/,
    )
  })

  it.each([
    [
      'the fast path',
      errors([[20, 60, 19, 1]]),
      'Rolled back: 19 of 20 canary requests failed in the last row, stable 1 of 60.',
    ],
    [
      'the fast path over several rows',
      times(3, { errors: [8, 24, 8, 6] }),
      'Rolled back: 24 of 24 canary requests failed in the last 3 rows, stable 18 of 72.',
    ],
    ['a crash', [{ cells: {}, ready: 0, crash: true }], 'Rolled back: a canary process ended by itself at 25 %.'],
    [
      'a retreat',
      [clean, bare, bare],
      'Retreating from 25 %: no canary pod is ready, and none has crashed; the step starts again when one is ready (1st time).',
    ],
    ['pods that are gone', [clean, bare], 'Holding at 25 %: no canary pod is ready.'],
    [
      'silence',
      [clean, silent, silent],
      'Holding at 25 %: no data from Prometheus since 2027-01-15T08:00:15Z (nobody answers).',
    ],
    [
      'a gap',
      [clean, { ...clean, flag: 'gap' }],
      'Holding at 25 %: the data from Prometheus have gaps since 2027-01-15T08:00:15Z (a target was not scraped).',
    ],
    [
      'a gap without data',
      [clean, { cells: {}, flag: 'gap' }],
      'Holding at 25 %: no data from Prometheus since 2027-01-15T08:00:15Z (a target was not scraped).',
    ],
    [
      'watching',
      errors([[1_200, 3_600, 4, 11]]),
      'Watching at 25 %: errors are 1.1× stable (95 %: 0.12–5.8) — canary 4 of 1 200, stable 11 of 3 600; evidence 0.78 : 1, threshold 100 : 1.',
    ],
  ] as [string, ShortRow[], string][])('of %s', (_, rows, sentence) => {
    expect(sentenceOf(rows)).toBe(sentence)
  })

  it('of a metric that alone is silent names it', () => {
    const metrics: Policy['metrics'] = [{ name: 'errors', kind: 'requests' }, ...latency]
    expect(sentenceOf([{ ...clean, missing: 'no histogram' }], { metrics })).toBe(
      'Holding at 25 %: no data for latency from Prometheus since 2027-01-15T08:00:00Z (no histogram).',
    )
  })

  it('of a step says what is still missing', () => {
    expect(sentenceOf(times(2, { errors: [20, 60, 0, 0] }), {}, { from: T, for: 120 })).toBe(
      'Holding at 25 %: 30s of 2m analysed, 40 of 50 canary requests seen; no errors on either side — canary 0 of 40, stable 0 of 120; evidence 1 : 1, threshold 100 : 1.',
    )
  })

  it('of events while one side had no requests says that they compare nothing', () => {
    const rows = [...times(2, { errors: [20, 60, 0, 0] }), ...times(2, { errors: [0, 20, 0, 6] })]
    expect(sentenceOf(rows, {}, { from: T, for: 120 })).toContain(
      'no errors on either side while both had requests — canary 0 of 40, stable 12 of 160',
    )
  })

  it('of an advance says what speaks for it', () => {
    expect(sentenceOf(times(3, { errors: [100, 300, 0, 2] }), {}, { from: T, for: 45 })).toMatch(
      /^Advancing from 25 %: no errors on the canary \(95 %: at most [\d.]+× stable\) — canary 0 of 300, stable 6 of 900; evidence 0\.\d+ : 1, threshold 100 : 1\.$/,
    )
  })

  it('of the budget says what was lost', () => {
    const rows = times(120, { errors: [10_000, 10_000, 112, 100] })
    expect(sentenceOf(rows, { slots: 40, toleratedRatio: 2 })).toMatch(
      /^Rolled back: the canary has cost \d+ failed requests more than stable would have; the error budget is 50\.$/,
    )
  })

  it.each(['hold', 'promote', 'rollback'] as const)(
    'over the deadline, %s, says that it is undecided',
    (onInconclusive) => {
      const rows = times(10, { errors: [2, 30, 0, 3], weight: 6 })
      const text = sentenceOf(rows, { deadline: 120, onInconclusive }, { from: T, for: 60 })
      expect(text).toContain('still undecided after 2m of data')
    },
  )

  it('is there before the first row', () => {
    expect(sentenceOf([])).toBe('Holding: the first interval has not ended yet.')
  })
})

describe('the explanation', () => {
  it('is the same to the byte when it is computed again from the stored ledger', () => {
    const ledger = ledgerOf(errors(A), { slots: 1 })
    const stored = decodeLedger(encodeLedger(ledger))
    expect(JSON.stringify(judge({ ledger: stored }))).toBe(JSON.stringify(judge({ ledger })))
    expect(ledgerHash(stored)).toBe(ledgerHash(ledger))
  })

  it('holds everything that the verdict came from', () => {
    const rows = errors(A).map((row): ShortRow => ({ ...row, classes: { 'code:503': [1, 0], 'code:500': [1, 2] } }))
    expect(judge({ ledger: ledgerOf(rows, { slots: 1 }) })).toMatchInlineSnapshot(`
      {
        "at": 1800000090,
        "data": {
          "excluded": {
            "gap": 0,
            "retreat": 0,
            "warmup": 0,
          },
          "lastSample": 1800000090,
          "rowsUsed": 6,
        },
        "lnE": 5.90245,
        "lnThreshold": 4.60517,
        "metrics": [
          {
            "breakdown": [
              {
                "by": "code",
                "key": "503",
                "n": 678,
                "shareOfExcess": 0.691921,
                "x": 6,
              },
              {
                "by": "code",
                "key": "500",
                "n": 678,
                "shareOfExcess": 0.57911,
                "x": 6,
              },
            ],
            "excess": {
              "S": 8.67151,
              "V": 1.45812,
              "expected": 1.32849,
            },
            "lnE": 5.90245,
            "n": [
              678,
              8317,
            ],
            "name": "errors",
            "needed": {
              "badToRollback": 0,
              "cleanRowsToPromote": null,
            },
            "omega": 1,
            "query": "istio_requests_total{…}",
            "rate": [
              0.0147493,
              0.00180353,
            ],
            "ratio": {
              "level": 0.95,
              "lower": 1.71754,
              "mle": 7.20719,
              "upper": 26.9371,
            },
            "share": 1,
            "slot": {
              "index": 0,
              "lnE": 5.90245,
              "startRow": 0,
            },
            "window": "15s",
            "x": [
              10,
              15,
            ],
          },
        ],
        "policyHash": "b84fcf7696",
        "reason": "evidence",
        "row": 5,
        "sentence": "Rolled back: errors are 7.2× stable (95 %: 1.7–27) — canary 10 of 678, stable 15 of 8 317; evidence 366 : 1, threshold 100 : 1; 69 % of the excess with code 503.",
        "verdict": "rollback",
        "weight": 10,
      }
    `)
  })

  it('has the numbers of a metric that was never seen, too', () => {
    const { metrics } = judge({ ledger: ledgerOf([silent]) })
    expect(metrics[0]).toMatchObject({
      lnE: 0,
      share: 1,
      n: [0, 0],
      rate: [0, 0],
      ratio: { mle: null, lower: 0, upper: null },
      needed: { badToRollback: null },
    })
  })

  it('counts how many more bad events would end the release', () => {
    const few = errors(A.slice(0, 5))
    const [metric] = judge({ ledger: ledgerOf(few, { slots: 1 }) }).metrics
    const needed = metric?.needed.badToRollback ?? NaN
    const next = (bad: number): ShortRow[] => [...few, { errors: [155, 1_330, bad, 2] }]
    expect(judge({ ledger: ledgerOf(next(needed), { slots: 1 }) }).verdict).toBe('rollback')
    expect(judge({ ledger: ledgerOf(next(needed - 1), { slots: 1 }) }).verdict).toBe('hold')
  })
})
