import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kayenta, mannWhitney, type KayentaMetric } from '../../analysis/index.ts'

const times = (count: number, value: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value(i))
const every = (step: number): number[] => times(60, (i) => (i % step === 0 ? 1 : 0))
const zeros = (count: number): number[] => times(count, () => 0)

const metric = (changes: Partial<KayentaMetric> = {}): KayentaMetric => ({
  name: 'errors',
  groups: ['all'],
  control: [1, 2, 3, 4, 5],
  experiment: [2, 1, 3, 5, 4],
  ...changes,
})

/** What a single metric is classified as. */
const labelOf = (changes: Partial<KayentaMetric>): string | undefined =>
  kayenta({ metrics: [metric(changes)] }).metrics[0]?.label

/** Clearly above and below a control of `base`. */
const base = times(20, (i) => 100 + (i % 5))
const higher = base.map((value) => value * 2)
const lower = base.map((value) => value / 2)

describe('the Mann-Whitney interval', () => {
  it('agrees with R at 95 %', () => {
    const found = mannWhitney({ control: [1, 2, 3, 4], experiment: [10, 20, 30, 40], confidence: 0.95 })
    expect(found.lower).toBeCloseTo(6, 4)
    expect(found.upper).toBeCloseTo(39, 4)
    expect(found.estimate).toBeCloseTo(22.5, 4)
  })

  it.each([
    [
      'seven of ten far above',
      times(10, (i) => (i < 7 ? 100 : 1)),
      times(10, () => 1),
      [6.82502e-5, 99, 98.99993],
      'Pass',
    ],
    ['eight of ten far above', times(10, (i) => (i < 8 ? 100 : 1)), times(10, () => 1), [98.9999, 99, 99], 'High'],
    ['half of six at zero', [0, 1, 2, 1, 0, 0], zeros(6), [0, 2], 'Pass'],
    ['none at zero', [1, 4, 2, 3, 1], zeros(5), [1, 4], 'High'],
    ['one at every third point', every(3), zeros(60), [0, 5.797035e-5], 'Pass'],
    ['at every second point against every fourth', every(2), every(4), [1.300933e-5, 3.106175e-5, 3.223509e-5], 'High'],
  ] as [string, number[], number[], number[], string][])(
    'agrees at 98 %%: %s',
    (_, experiment, control, ends, label) => {
      const { lower, upper, estimate } = mannWhitney({ control, experiment, confidence: 0.98 })
      // Tiny ends are where the solver stopped: they are reproduced, not rounded away.
      const isNear = (end: number, wanted: number): boolean =>
        Math.abs(end - wanted) <= (Math.abs(wanted) < 1e-3 ? 1e-6 * Math.abs(wanted) : 1e-4)
      expect([lower, upper, estimate].slice(0, ends.length).filter((end, i) => !isNear(end, ends[i] ?? NaN))).toEqual(
        [],
      )
      expect(labelOf({ control, experiment })).toBe(label)
    },
  )

  it('of two constants is their difference', () => {
    const found = mannWhitney({ control: [3, 3], experiment: [5, 5, 5], confidence: 0.98 })
    expect(found).toEqual({ lower: 2, upper: 2, estimate: 2 })
  })

  it('moves with the experiment, and turns round with the sides', () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(values, values, fc.integer({ min: -20, max: 20 }), (control, experiment, by) => {
        const here = mannWhitney({ control, experiment, confidence: 0.98 })
        const there = mannWhitney({ control, experiment: experiment.map((value) => value + by), confidence: 0.98 })
        const turned = mannWhitney({ control: experiment, experiment: control, confidence: 0.98 })
        expect(Math.abs(there.lower - here.lower - by)).toBeLessThan(3e-4)
        expect(Math.abs(there.upper - here.upper - by)).toBeLessThan(3e-4)
        expect(Math.abs(turned.lower + here.upper)).toBeLessThan(3e-4)
        expect(here.lower).toBeLessThanOrEqual(here.upper)
      }),
    )
  })

  it.each([
    ['an empty side', { control: [], experiment: [1] }],
    ['a value that is none', { control: [NaN], experiment: [1] }],
  ])('refuses %s', (_, samples) => {
    expect(() => mannWhitney({ ...samples, confidence: 0.98 })).toThrow(RangeError)
  })

  it.each([0, 1])('refuses a confidence of %d', (confidence) => {
    expect(() => mannWhitney({ control: [1], experiment: [2], confidence })).toThrow(RangeError)
  })
})

describe("a metric of Kayenta's judge", () => {
  it.each([
    ['passes with the same values in another order', {}, 'Pass'],
    ['passes with one value and no other', { control: [4, 4], experiment: [4] }, 'Pass'],
    ['is high above', { control: base, experiment: higher }, 'High'],
    ['is low below', { control: base, experiment: lower }, 'Low'],
    ['passes below where only an increase is bad', { control: base, experiment: lower, direction: 'increase' }, 'Pass'],
    ['passes above where only a decrease is bad', { control: base, experiment: higher, direction: 'decrease' }, 'Pass'],
    ['is high between two constants', { control: [2, 2, 2], experiment: [3, 3] }, 'High'],
    ['has no data without a side', { control: [] }, 'Nodata'],
    ['has no data with nothing but NaN', { experiment: [NaN, NaN] }, 'Nodata'],
    ['fails without data where it must have some', { control: [], mustHaveData: true }, 'NodataFail'],
    ['has no data, and no less, where it is critical', { control: [], mustHaveData: true, critical: true }, 'Nodata'],
    ['passes without data where nothing counts as zero', { control: [], nan: 'replace' }, 'Pass'],
    [
      'takes NaN for zero where it is told to',
      { control: zeros(20), experiment: times(20, () => NaN), nan: 'replace' },
      'Pass',
    ],
    ['keeps a single outlier', { control: [1, 2, 3, 4, 5], experiment: [1, 2, 3, 4, 5_000] }, 'Pass'],
  ] as [string, Partial<KayentaMetric>, string][])('%s', (_, changes, label) => {
    expect(labelOf(changes)).toBe(label)
  })

  it('leaves out what lies beyond three times the quartiles', () => {
    const experiment = [...base, 1e6]
    const [kept] = kayenta({ metrics: [metric({ control: base, experiment })] }).metrics
    const [removed] = kayenta({
      metrics: [metric({ control: [...base, 104], experiment, outliers: 'remove' })],
    }).metrics
    expect(kept?.effect).toBeGreaterThan(100)
    // P99 is interpolated below the largest of 21 values: only the quartiles could let it in.
    expect(removed?.effect).toBeCloseTo(1, 1)
  })

  it.each([
    ['allowed', { allowedIncrease: 2.5 }, 'Pass', false],
    ['not allowed', { allowedIncrease: 1.5 }, 'High', true],
    ['not allowed, but not critical', { allowedIncrease: 1.5, criticalIncrease: 2.5 }, 'High', false],
    ['of superiority, allowed', { measure: 'cles', allowedIncrease: 1.1 }, 'Pass', false],
    ['of superiority, not allowed', { measure: 'cles', allowedIncrease: 0.9 }, 'High', true],
  ] as const)('weighs an increase that is %s', (_, effect, label, critical) => {
    const changes = { control: base, experiment: higher, critical: true, effect }
    expect(kayenta({ metrics: [metric(changes)] }).metrics[0]).toMatchObject({ label, critical })
  })

  it.each([
    ['allowed', { allowedDecrease: 0.4 }, 'Pass', false],
    ['not allowed', { allowedDecrease: 0.6 }, 'Low', true],
    ['not allowed, but not critical', { criticalDecrease: 0.4 }, 'Low', false],
  ] as const)('weighs a decrease that is %s', (_, effect, label, critical) => {
    const changes = { control: base, experiment: lower, critical: true, effect }
    expect(kayenta({ metrics: [metric(changes)] }).metrics[0]).toMatchObject({ label, critical })
  })

  it('ignores an effect that a mean of zero leaves open', () => {
    const changes = { control: zeros(5), experiment: [1, 4, 2, 3, 1], effect: { allowedIncrease: 1_000 } }
    const [found] = kayenta({ metrics: [metric(changes)] }).metrics
    expect(found).toMatchObject({ label: 'High', effect: NaN })
  })

  it('counts ties half in the chance of superiority', () => {
    const changes = { control: [1, 2, 3], experiment: [2, 3, 9], effect: { measure: 'cles' as const } }
    expect(kayenta({ metrics: [metric(changes)] }).metrics[0]?.effect).toBeCloseTo(7 / 9, 12)
  })
})

describe("Kayenta's total", () => {
  const good = metric({ name: 'good', groups: ['errors'] })
  const bad = metric({ name: 'bad', groups: ['latency'], control: base, experiment: higher })
  const none = metric({ name: 'none', groups: ['latency'], control: [] })

  it('weighs groups, and those without a weight share the rest', () => {
    const third = metric({ name: 'third', groups: ['queue', 'errors'] })
    const { total, groups, verdict } = kayenta({ metrics: [good, bad, third], weights: { latency: 20 } })
    expect(groups).toEqual([
      { name: 'errors', score: 100, weight: 40 },
      { name: 'latency', score: 0, weight: 20 },
      { name: 'queue', score: 100, weight: 40 },
    ])
    expect({ total, verdict }).toEqual({ total: 80, verdict: 'Marginal' })
  })

  it('has two decimals', () => {
    const metrics = [bad, good, { ...good, name: 'again' }].map((each) => ({ ...each, groups: ['all'] }))
    expect(kayenta({ metrics })).toMatchObject({ total: 66.67, verdict: 'Fail' })
    expect(kayenta({ metrics, pass: 66, marginal: 50 }).verdict).toBe('Pass')
  })

  it('is 0 for a critical metric that failed', () => {
    const weights = { latency: 1 }
    expect(kayenta({ metrics: [good, bad], weights })).toMatchObject({ total: 99, verdict: 'Pass' })
    expect(kayenta({ metrics: [good, { ...bad, critical: true }], weights })).toMatchObject({
      total: 0,
      verdict: 'Fail',
      reason: 'the critical metric bad is High',
    })
    expect(kayenta({ metrics: [good, good, { ...none, critical: true }] }).total).toBe(0)
  })

  it('is 0 where half of the metrics have no data, and not before', () => {
    expect(kayenta({ metrics: [good, none] })).toMatchObject({ total: 0, reason: '1 of 2 metrics have no data' })
    expect(kayenta({ metrics: [good, good, none] })).toMatchObject({ total: 100, verdict: 'Pass' })
    expect(kayenta({ metrics: [good, { ...none, mustHaveData: true }] }).total).toBe(50)
  })

  it('leaves out what is muted, but shows it', () => {
    const { total, metrics } = kayenta({ metrics: [good, { ...bad, muted: true, critical: true }] })
    expect(total).toBe(100)
    expect(metrics[1]).toMatchObject({ label: 'High', critical: true })
  })

  it.each([
    ['negative', { errors: -1 }],
    ['above 100 together', { errors: 60, latency: 41 }],
  ])('refuses weights that are %s', (_, weights) => {
    expect(() => kayenta({ metrics: [good], weights })).toThrow(RangeError)
  })
})
