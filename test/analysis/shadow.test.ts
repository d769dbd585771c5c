import { describe, expect, it } from 'vitest'
import { shadow } from '../../analysis/index.ts'
import { argo, flagger, type Look } from '../../analysis/shadow/index.ts'
import { ledgerOf, silent, times, type ShortRow } from './ledgers.ts'
import { T } from './shop.ts'

const good: ShortRow = { errors: [100, 300, 1, 3] }
const bad: ShortRow = { errors: [100, 300, 2, 3] }
const unused: ShortRow = { errors: [0, 400, 0, 3] }
const both = { shadow: ['flagger', 'argo'] as ['flagger', 'argo'] }

/** Of rows of 15 s, four of which make a look. */
const verdicts = (...rows: ShortRow[]): unknown[] =>
  shadow(ledgerOf(rows, both)).map(({ verdict, at }) => (at === undefined ? verdict : [verdict, at - T]))

const look = (x: number, n = 100): Look => ({ at: T, n, x, isBlind: false })

describe("Flagger's rule and Argo's", () => {
  it('go on while one in a hundred is bad', () => {
    expect(verdicts(...times(240, good))).toEqual(['running', 'running'])
  })

  it('roll back at the fifth failed minute, and at the fourth', () => {
    expect(verdicts(...times(40, bad))).toEqual([
      ['rollback', 300],
      ['rollback', 240],
    ])
  })

  it('never forget a failed minute', () => {
    const hour = [...times(4, bad), ...times(236, good)]
    expect(verdicts(...hour, ...hour, ...hour, ...hour)).toEqual(['running', ['rollback', 3 * 3_600 + 60]])
  })

  it('take the silence of Prometheus for a failure, or for the fifth error in a row', () => {
    expect(verdicts(...times(40, silent))).toEqual([
      ['rollback', 300],
      ['rollback', 300],
    ])
    expect(verdicts(...times(16, silent), ...times(4, good), ...times(12, silent))).toEqual([
      ['rollback', 360],
      'running',
    ])
  })

  it('take a canary that nobody calls for a bad one', () => {
    expect(verdicts(...times(40, unused))).toEqual([
      ['rollback', 300],
      ['rollback', 240],
    ])
  })

  it('do not look before the canary has a weight', () => {
    expect(verdicts(...times(40, { ...silent, weight: 0 }))).toEqual(['running', 'running'])
  })

  it('look once per row where rows are longer than a minute', () => {
    const rows = Array.from({ length: 5 }, (_, i) => ({ ...bad, t0: T + i * 120, t1: T + (i + 1) * 120 }))
    expect(verdicts(...rows)).toEqual([
      ['rollback', 600],
      ['rollback', 480],
    ])
  })

  it('promote after the looks that they were given, unless one too many of them failed', () => {
    const looks = [look(2), look(0), look(2), look(2), look(2)]
    const rule = { seconds: 60, success: 0.99, threshold: 5, failureLimit: 4, consecutiveErrorLimit: 4 }
    expect(flagger(looks, { ...rule, count: 5 }).verdict).toBe('promote')
    expect(argo(looks, { ...rule, count: 5 }).verdict).toBe('promote')
    expect(flagger(looks, { ...rule, threshold: 4, count: 5 }).verdict).toBe('rollback')
    expect(argo(looks, { ...rule, failureLimit: 3, count: 5 }).verdict).toBe('rollback')
  })

  it('take a share that is just what they want for good', () => {
    for (const [success, x, n] of [
      [0.9, 1, 10],
      [0.99, 3, 300],
      [0.999, 7, 7_000],
    ] as const) {
      const rule = { seconds: 60, success, threshold: 1 }
      expect(flagger([look(x, n)], rule).verdict).toBe('running')
      expect(flagger([look(x + 1, n)], rule).verdict).toBe('rollback')
    }
  })
})

describe('what is told of a shadow', () => {
  it('says how many looks failed, what each wants, and what the last one saw', () => {
    expect(shadow(ledgerOf(times(40, bad), both)).map(({ sentence }) => sentence)).toEqual([
      'Would have rolled back at 2027-01-15T08:05:00Z: 5 of 5 checks failed; each wants 99 % good requests within 60 s; the last of them saw 8 bad of 400.',
      'Would have rolled back at 2027-01-15T08:04:00Z: 4 measurements failed, more than 3 roll back; each wants 99 % good requests within 60 s; the last of them saw 8 bad of 400.',
    ])
  })

  it('says so when there is nothing to look at', () => {
    expect(shadow(ledgerOf([good], both)).map(({ sentence }) => sentence)).toEqual(times2('Has not looked yet.'))
    const metrics = [{ name: 'latency', kind: 'latency' as const, slowerThanMs: 250 }]
    expect(shadow(ledgerOf([good], { ...both, metrics }))[0]?.sentence).toBe('No failed requests are counted here.')
  })

  it('is told for the rules that the policy names, in its order', () => {
    expect(shadow(ledgerOf([good], { shadow: ['argo'] })).map(({ rule }) => rule)).toEqual(['argo'])
    expect(shadow(ledgerOf([good]))).toEqual([])
  })
})

const times2 = (text: string): string[] => [text, text]
