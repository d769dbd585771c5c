import { describe, expect, it } from 'vitest'
import { excess, grid, harm, nonInferiority, ratioInterval, twoSided } from '../../analysis/index.ts'
import { A, B } from './vectors.ts'

const V1 = { rows: A, rho0: 1, lo: 1.1, hi: 100, k: 48 }

const digits = (values: number[]): unknown[] => values.map((value) => expect.closeTo(value, 9) as unknown)

describe('evidence of harm', () => {
  it('agrees with V1: no tolerance', () => {
    const lnE = [-0.736607601, -0.206251597, -0.372360466, 0.530555798, 3.337212167, 7.597578824]
    expect(harm(V1)).toEqual(digits(lnE))
  })

  it('agrees with V2: half as bad again is tolerated', () => {
    const lnE = [-0.792136443, -0.499107684, -0.667003874, -0.210113194, 1.714079413, 4.697556903]
    expect(harm({ ...V1, rho0: 1.5, lo: 1.65 })).toEqual(digits(lnE))
  })

  it('agrees with V4: tempered by bursts of two', () => {
    const lnE = [-0.45199205, -0.251592099, -0.370179461, 0.00520886, 1.370515598, 3.412149062]
    expect(harm({ ...V1, phi: 2 })).toEqual(digits(lnE))
  })

  it('agrees with V5: three bad events on the canary alone, asked at ratio ten', () => {
    const around = { lo: 10 * (1 - 1e-12), hi: 10 * (1 + 1e-12), k: 2 }
    expect(harm({ rows: [[50, 950, 3, 0]], rho0: 1, ...around })).toEqual(digits([5.79306461]))
  })

  it('agrees with V9: four restart slots of which two have begun', () => {
    const lnE = [-0.139625575, -0.047713304, -0.080910263, 0.264073165, 2.705782648, 7.019042536]
    expect(harm({ ...V1, starts: [0, 3], slots: 4 })).toEqual(digits(lnE))
  })

  it('agrees with V10: the defaults of an errors metric', () => {
    const lnE = [-0.814099409, -0.419210759, -0.586114545, 0.059369564, 2.361717602, 5.902447291]
    expect(harm({ rows: A, rho0: 1.25, lo: 1.375, hi: 125, k: 48 })).toEqual(digits(lnE))
  })

  it('begins no slot beyond those that were agreed on', () => {
    expect(harm({ ...V1, starts: [0, 3, 5], slots: 2 })).toEqual(harm({ ...V1, starts: [0, 3], slots: 2 }))
  })

  it('keeps its digits where the canary gets nearly everything', () => {
    const [lnE] = harm({ rows: [[1_000_000, 10, 0, 10]], rho0: 1, lo: 0.001, hi: 0.002, k: 2 })
    expect(lnE).toBeCloseTo(Math.log((term(0.001) + term(0.002)) / 2), 6)
    function term(r: number): number {
      return (1_000_010 / (10 + 1_000_000 * r)) ** 10
    }
  })

  it.each([
    ['more bad events than requests', [10, 10, 11, 0]],
    ['a negative count', [10, 10, -1, 0]],
    ['a fraction', [10, 10, 0.5, 0]],
    ['no number', [10, NaN, 0, 0]],
  ] as const)('refuses %s', (_, cell) => {
    expect(() => harm({ ...V1, rows: [[...cell]] })).toThrow(RangeError)
    expect(() => excess({ rows: [[...cell]] })).toThrow(RangeError)
    expect(() => ratioInterval({ rows: [[...cell]], alpha: 0.05, lo: 0.01, hi: 100, k: 129 })).toThrow(RangeError)
  })
})

describe('evidence of a canary that is not inferior', () => {
  const V3 = { rows: B, rho: 2, lo: 0.05, hi: 1.96, k: 40 }

  it('agrees with V3', () => {
    const lnE = [2.413027583, 1.17975737, 2.066658589, 1.983063781, 4.028189459, 3.539126715]
    expect(nonInferiority(V3)).toEqual(digits(lnE))
  })

  it('refuses a grid that is not below its reference', () => {
    expect(() => nonInferiority({ ...V3, hi: 2 })).toThrow(RangeError)
  })
})

describe('evidence of any difference', () => {
  const V12 = { rows: A, lo: 0.2, hi: 5, k: 64 }

  it('agrees with V12', () => {
    expect(twoSided(V12).at(-1)).toBeCloseTo(6.415925185, 9)
  })

  it.each([
    ['has a point at 1', { ...V12, k: 65 }],
    ['lies above 1', { ...V12, lo: 1.1 }],
    ['lies below 1', { ...V12, hi: 0.9 }],
  ])('refuses a grid that %s', (_, options) => {
    expect(() => twoSided(options)).toThrow(RangeError)
  })
})

describe('the ratio', () => {
  const options = { alpha: 0.05, lo: 0.01, hi: 100, k: 129 }

  it('agrees with V8', () => {
    const { mle, lower, upper } = ratioInterval({ rows: A, ...options })
    expect(mle).toBeCloseTo(7.207189204, 9)
    expect(lower).toBeCloseTo(1.717544, 6)
    expect(upper).toBeCloseTo(26.937053, 6)
    const wider = ratioInterval({ rows: A, ...options, alpha: 0.01 })
    expect(wider.lower).toBeCloseTo(1.35722, 6)
    expect(wider.upper).toBeCloseTo(32.813832, 6)
  })

  it('has no lower end without bad canary events', () => {
    const { mle, lower, upper } = ratioInterval({ rows: [[100, 900, 0, 9]], ...options })
    expect({ mle, lower }).toEqual({ mle: 0, lower: 0 })
    expect(upper).toBeGreaterThan(1)
    expect(upper).toBeLessThan(20)
  })

  it('has no upper end without bad baseline events', () => {
    const { mle, lower, upper } = ratioInterval({ rows: [[100, 900, 9, 0]], ...options })
    expect({ mle, upper }).toEqual({ mle: Infinity, upper: Infinity })
    expect(lower).toBeGreaterThan(1)
  })

  it('says nothing without any bad event', () => {
    expect(ratioInterval({ rows: [[100, 900, 0, 0]], ...options })).toEqual({
      mle: undefined,
      lower: 0,
      upper: Infinity,
    })
  })

  it('finds ends outside its grid', () => {
    const { mle, lower, upper } = ratioInterval({ rows: [[100, 10_000, 20, 10]], ...options })
    expect(mle).toBeCloseTo(200, 6)
    expect(lower).toBeLessThan(100)
    expect(upper).toBeGreaterThan(300)
    expect(upper).toBeLessThan(2_000)
  })

  it('ends at infinity where no double can tell', () => {
    const { mle, upper } = ratioInterval({ rows: [[10_000, 10_000_000, 9_000, 20]], ...options })
    expect(mle).toBeGreaterThan(100_000)
    expect(upper).toBe(Infinity)
  })
})

describe('the excess', () => {
  it('agrees with V14', () => {
    const { S, V } = excess({ rows: A })
    expect(S).toBeCloseTo(8.671514068, 9)
    expect(V).toBeCloseTo(1.458122484, 9)
  })
})

describe('a grid', () => {
  it('includes both ends and is even in the logarithm', () => {
    const points = grid(0.01, 100, 5)
    expect(points.map((point) => Math.log10(point))).toEqual(
      [-2, -1, 0, 1, 2].map((digit) => expect.closeTo(digit, 12)),
    )
  })

  it.each([
    [0, 1, 5],
    [2, 1, 5],
    [1, Infinity, 5],
    [1, 2, 1],
  ])('refuses %d to %d in %d points', (lo, hi, k) => {
    expect(() => grid(lo, hi, k)).toThrow(RangeError)
  })
})
