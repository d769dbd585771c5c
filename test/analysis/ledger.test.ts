import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  appendRow,
  decodeLedger,
  encodeLedger,
  judge,
  ledgerHash,
  type Cell,
  type Ledger,
  type Row,
} from '../../analysis/index.ts'
import type { Metric } from '../../crds/policy.ts'
import { clean, ledgerOf, times } from './ledgers.ts'
import { T } from './shop.ts'

const row = (changes: Partial<Row> = {}): Row => ({
  t0: T,
  t1: T + 15,
  weight: 25,
  slot: 0,
  ready: 1,
  cells: { errors: [10, 30, 0, 0] },
  ...changes,
})

const grown = (
  rows: number,
  row: (index: number) => Partial<Row> = () => ({}),
  from: Ledger = ledgerOf([]),
): Ledger => {
  let ledger = from
  const start = from.rows.at(-1)?.t1 ?? T
  for (let i = 0; i < rows; i++) {
    const [t0, t1] = [start + 15 * i, start + 15 * (i + 1)]
    ledger = appendRow(ledger, { t0, t1, weight: 25, slot: 0, ready: 1, cells: { errors: [10, 30, 0, 1] }, ...row(i) })
  }
  return ledger
}

describe('a ledger', () => {
  it('survives storage', () => {
    const ledger = ledgerOf(times(240, clean))
    expect(decodeLedger(encodeLedger(ledger))).toEqual(ledger)
  })

  it('has a hash that changes with every count', () => {
    expect(ledgerHash(ledgerOf([clean]))).toMatch(/^[0-9a-f]{16}$/)
    expect(ledgerHash(ledgerOf([clean]))).toBe(ledgerHash(ledgerOf([clean])))
    expect(ledgerHash(ledgerOf([clean]))).not.toBe(ledgerHash(ledgerOf([{ errors: [100, 300, 0, 1] }])))
  })

  it('fits into its object after a week, with everything that a row can carry', () => {
    const busy = grown(40_320, (i) => ({
      cells: {
        errors: [1_000 + (i % 97), 3_000 + (i % 89), i % 7, i % 11],
        'latency:250': [1_000, 3_000, i % 13, i % 17],
      },
      classes: Object.fromEntries(['500', '502', '503', '504'].map((code) => [`code:${code}`, [(i * 7) % 5, i % 3]])),
      pods: Object.fromEntries(
        Array.from({ length: 10 }, (_, pod) => [`checkout-${pod}abc`, [(i * 13) % 31, (i * pod) % 7]]),
      ),
    }))
    expect(busy.rows.length).toBeLessThan(4_000)
    expect(encodeLedger(busy).length).toBeLessThanOrEqual(262_144)
  })

  describe('of twelve metrics with sixty cells', () => {
    const metrics = Array.from({ length: 12 }, (_, i): Metric => {
      return { name: `latency-${i}`, kind: 'latency', slowerThanMs: 50, boundariesMs: [50, 100, 250, 500, 1_000] }
    })
    const drawn = Array.from({ length: 1_009 }, (_, i): Partial<Row> => ({
      cells: Object.fromEntries(
        metrics.flatMap(({ name }, m) =>
          [50, 100, 250, 500, 1_000].map((boundary): [string, Cell] => {
            const canary = 900 + ((i * 7_919 + m * 31) % 211)
            const stable = 2_700 + ((i * 104_729 + m * 17) % 409)
            return [`${name}:${boundary}`, [canary, stable, (i * m + boundary) % 13, (i * 3 + m * boundary) % 23]]
          }),
        ),
      ),
      pods: Object.fromEntries(Array.from({ length: 10 }, (_, pod) => [`checkout-${pod}abc`, [(i * 13) % 31, pod]])),
    }))
    const wide = (i: number): Partial<Row> => drawn[i % drawn.length] ?? {}
    const fortnight = grown(80_640, wide, ledgerOf([], { metrics }))

    it('fits into its object after two weeks, without losing a request', () => {
      expect(encodeLedger(fortnight).length).toBeLessThanOrEqual(262_144)
      expect(fortnight.cut).toBeUndefined()
      const sum = (rows: Row[]): number =>
        rows.reduce((total, { cells }) => total + (cells['latency-3:250']?.[0] ?? 0), 0)
      const expected = Array.from({ length: 80_640 }, (_, i) => wide(i).cells?.['latency-3:250']?.[0] ?? 0)
      expect(sum(fortnight.rows)).toBe(expected.reduce((total, n) => total + n, 0))
    })

    it('gives the same verdict from storage', () => {
      const stored = decodeLedger(encodeLedger(fortnight))
      expect(JSON.stringify(judge({ ledger: stored }))).toBe(JSON.stringify(judge({ ledger: fortnight })))
    })
  })

  it('that cannot fit loses its oldest rows, and the explanation says how many', () => {
    const torn = grown(1_500, (i) => ({
      cells:
        i % 2 === 0
          ? Object.fromEntries(
              times(60, {}).map((_, k) => [`c${k}`, [(i * 7_919 + k * 31) % 9_973, (i * 104_729 + k) % 7_919, 0, 0]]),
            )
          : {},
    }))
    expect(encodeLedger(torn).length).toBeLessThanOrEqual(262_144)
    expect(torn.cut).toBeGreaterThan(0)
    expect(torn.rows.length + (torn.cut ?? 0)).toBeLessThanOrEqual(1_500)
    expect(judge({ ledger: torn }).data.cut).toBe(torn.cut)
  })

  it.each([
    ['text that is no ledger', 'hello', 'not gzipped JSON'],
    ['another version', packed({ v: 2 }), 'version 1'],
    ['no rows', packed({ v: 1 }), 'no rows'],
    [
      'impossible counts',
      packed({ ...ledgerOf([]), rows: [row({ cells: { errors: [1, 1, 2, 0] } })] }),
      'more bad events',
    ],
  ])('refuses %s', (_, text, why) => {
    expect(() => decodeLedger(text)).toThrow(why)
  })

  it.each([
    ['that ends before it begins', row({ t0: T + 45, t1: T + 30 }), 'begins at'],
    ['that lies before the end', row(), 'before the end of the last one'],
    ['whose slot falls', row({ t0: T + 30, t1: T + 45, slot: 0 }), 'slot'],
    ['with an impossible weight', row({ t0: T + 30, t1: T + 45, slot: 1, weight: 101 }), 'weight'],
    ['with half a pod', row({ t0: T + 30, t1: T + 45, slot: 1, ready: 0.5 }), 'ready'],
    [
      'with a fraction of a request',
      row({ t0: T + 30, t1: T + 45, slot: 1, cells: { errors: [0.5, 1, 0, 0] } }),
      'integers',
    ],
  ])('refuses a row %s', (_, next, why) => {
    const ledger = ledgerOf(times(2, { ...clean, slot: 1 }))
    expect(() => appendRow(ledger, next)).toThrow(why)
  })

  it('does not change the one it was grown from', () => {
    const ledger = ledgerOf([clean])
    const text = JSON.stringify(ledger)
    appendRow(ledger, row({ t0: T + 15, t1: T + 30 }))
    expect(JSON.stringify(ledger)).toBe(text)
  })

  it('keeps the ten worst pods and the twenty largest classes', () => {
    const pods = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`pod-${i}`, [100, i] as [number, number]]))
    const classes = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`code:${i}`, [i, 0] as [number, number]]))
    const [only] = appendRow(ledgerOf([]), row({ pods, classes })).rows
    expect(Object.keys(only?.pods ?? {})).toEqual(Array.from({ length: 10 }, (_, i) => `pod-${29 - i}`))
    expect(Object.keys(only?.classes ?? {})).toHaveLength(20)
  })
})

describe('a long ledger', () => {
  it('covers two intervals per row after 480 rows, and four after 960', () => {
    const spans = grown(480 + 2 * 480 + 8).rows.map(({ t0, t1 }) => (t1 - t0) / 15)
    expect(spans.slice(0, 480)).toEqual(Array.from({ length: 480 }, () => 1))
    expect(spans.slice(480, 960)).toEqual(Array.from({ length: 480 }, () => 2))
    expect(spans.slice(960)).toEqual([4, 4])
  })

  it('adds up what it joins', () => {
    const { rows } = grown(482, (i) => (i < 480 ? {} : { classes: { 'code:503': [1, 2] }, ready: i }))
    expect(rows.at(-1)).toMatchObject({
      cells: { errors: [20, 60, 0, 2] },
      classes: { 'code:503': [2, 4] },
      ready: 481,
    })
  })

  it('keeps what explains for the last 960 rows, and every count', () => {
    const { rows } = grown(480 + 2 * 480 + 4, () => ({ classes: { 'code:503': [1, 0] } }))
    expect(rows).toHaveLength(961)
    expect(rows.filter(({ classes }) => classes)).toEqual(rows.slice(1))
    expect(rows.map(({ cells }) => cells.errors?.[0])).not.toContain(undefined)
  })

  it('does not join rows of different weights, without data, or of crashes', () => {
    expect(grown(482, (i) => (i === 481 ? { slot: 1 } : {})).rows).toHaveLength(482)
    expect(grown(482, (i) => (i === 481 ? { cells: {} } : {})).rows).toHaveLength(482)
    expect(grown(482, (i) => (i === 481 ? { crash: true, ready: 0 } : {})).rows).toHaveLength(482)
  })

  it('takes no evidence from a row that still grows, and all from it when it is closed', () => {
    const bad = { cells: { errors: [100, 300, 30, 3] } satisfies Row['cells'] }
    const quiet = grown(480, () => ({ cells: { errors: [10, 30, 0, 0] } }))
    expect(judge({ ledger: grown(1, () => bad, quiet) })).toMatchObject({ verdict: 'hold', lnE: 0 })
    expect(judge({ ledger: grown(2, () => bad, quiet) })).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })

  it('lets the fast path see the row that still grows', () => {
    const quiet = grown(480, () => ({ cells: { errors: [10, 30, 0, 0] } }))
    const broken = grown(1, () => ({ cells: { errors: [30, 90, 30, 0] } }), quiet)
    expect(judge({ ledger: broken })).toMatchObject({ verdict: 'rollback', reason: 'mostlyBad' })
  })
})

function packed(value: unknown): string {
  return gzipSync(JSON.stringify(value)).toString('base64')
}
