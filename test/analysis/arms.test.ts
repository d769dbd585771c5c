import { describe, expect, it } from 'vitest'
import { armsContrast, armsTest } from '../../analysis/index.ts'
import { OUTCOMES } from './vectors.ts'

/** Lindon & Malek (2022). */
const published = { rows: OUTCOMES.map((second) => [1 - second, second]), theta: [0.8, 0.2] }

describe('outcomes of several arms', () => {
  it('agree with the published example: significant at the 210th', () => {
    const p = armsTest(published)
    expect(p.findIndex((value) => value < 0.05)).toBe(209)
    expect(p.at(-1)).toBeCloseTo(0.0455796318, 10)
    expect(OUTCOMES.filter((second) => second).length).toBe(62)
  })

  it('agree with the published example: the set of the effect', () => {
    const last = armsContrast({ ...published, arms: [0, 1], alpha: 0.05 }).at(-1)
    expect(last?.lower).toBeCloseTo(0.00464625, 8)
    expect(last?.upper).toBeCloseTo(0.99450642, 7)
    expect(last?.soFar.lower).toBeCloseTo(0.00464625, 8)
    expect(last?.soFar.upper).toBeCloseTo(0.75493987, 8)
  })

  it('exclude no effect exactly when they are significant', () => {
    const sets = armsContrast({ ...published, arms: [0, 1], alpha: 0.05 })
    const excluded = sets.map(({ soFar }) => soFar.lower > 0 || soFar.upper < 0)
    expect(excluded).toEqual(armsTest(published).map((p) => p < 0.05))
  })

  it('are never surer than the likelihood, and never take back what they said', () => {
    const p = armsTest(published)
    expect(p[0]).toBeLessThanOrEqual(1)
    expect(p).toEqual(p.map((_, i) => Math.min(...p.slice(0, i + 1))))
  })

  it('come by rows of any length of time', () => {
    const whole = [published.rows.reduce(([a = 0, b = 0], [c = 0, d = 0]) => [a + c, b + d], [0, 0])]
    expect(armsTest({ ...published, rows: whole })[0]).toBeCloseTo(armsTest(published).at(-1) ?? NaN, 12)
  })

  it('of three arms say which one differs', () => {
    const rows = Array.from({ length: 40 }, () => [5, 5, 15])
    const theta = [0.25, 0.25, 0.5]
    expect(armsTest({ rows, theta }).at(-1)).toBeLessThan(0.01)
    const [alike, different] = [1, 2].map((to) => armsContrast({ rows, theta, arms: [0, to], alpha: 0.05 }).at(-1))
    expect(alike?.lower).toBeLessThan(0)
    expect(alike?.upper).toBeCloseTo(-(alike?.lower ?? NaN), 9)
    expect(different?.lower).toBeGreaterThan(0)
    expect(different?.upper).toBeGreaterThan(Math.log(1.5))
  })

  it('of two arms turn round with them', () => {
    const [there] = armsContrast({ rows: [[40, 10]], theta: [0.7, 0.3], arms: [0, 1], alpha: 0.05 })
    const [back] = armsContrast({ rows: [[40, 10]], theta: [0.7, 0.3], arms: [1, 0], alpha: 0.05 })
    expect(there?.lower).toBeCloseTo(-(back?.upper ?? NaN), 9)
  })

  it('leave an end open while an arm has none', () => {
    const open = (rows: number[][]): unknown => armsContrast({ rows, theta: [0.5, 0.5], arms: [0, 1], alpha: 0.05 })[0]
    expect(open([[9, 0]])).toMatchObject({ lower: -Infinity, upper: expect.any(Number) as unknown })
    expect(open([[0, 9]])).toMatchObject({ lower: expect.any(Number) as unknown, upper: Infinity })
    expect(open([[0, 0]])).toMatchObject({ lower: -Infinity, upper: Infinity })
  })

  it.each([
    ['shares that do not sum to 1', { rows: [[1, 1]], theta: [0.5, 0.4] }],
    ['an arm without a share', { rows: [[1, 1]], theta: [1, 0] }],
    ['a row of another length', { rows: [[1, 1, 1]], theta: [0.5, 0.5] }],
    ['half an outcome', { rows: [[1, 0.5]], theta: [0.5, 0.5] }],
  ])('refuse %s', (_, options) => {
    expect(() => armsTest(options)).toThrow(RangeError)
    expect(() => armsContrast({ ...options, arms: [0, 1], alpha: 0.05 })).toThrow(RangeError)
  })

  it('refuse arms that are not there, and levels that are none', () => {
    expect(() => armsContrast({ ...published, arms: [0, 2], alpha: 0.05 })).toThrow(RangeError)
    expect(() => armsContrast({ ...published, arms: [1, 1], alpha: 0.05 })).toThrow(RangeError)
    expect(() => armsContrast({ ...published, arms: [0, 1], alpha: 1 })).toThrow(RangeError)
  })
})
