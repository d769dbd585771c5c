import { describe, expect, it } from 'vitest'
import { belowSlo, planning, type PlanningOptions } from '../../analysis/index.ts'

const options: PlanningOptions = {
  rps: 100,
  share: 0.05,
  badShare: 0.002,
  alpha: 0.01,
  beta: 0.05,
  omega: 0.5,
  rho0: 1.25,
  rho: 2,
}

const badAt = (ratio: number, changes: Partial<PlanningOptions> = {}): number =>
  planning({ ...options, ...changes, ratios: [ratio] }).rollback[0]?.bad ?? NaN

describe('what a release will take', () => {
  it.each([
    [1.5, 92, 0],
    [2, 34, 0],
    [3, 15, 0],
    [5, 8.2, 1],
    [10, 4.7, 1],
    [50, 2.3, 1],
  ])('without tolerance, at ratio %d: %d bad requests', (ratio, bad, digits) => {
    expect(badAt(ratio, { rho0: 1, omega: 1 })).toBeCloseTo(bad, digits)
  })

  it.each([
    [2, 77, 0],
    [3, 25, 0],
    [5, 11.5, 1],
    [10, 6.1, 1],
    [50, 2.7, 1],
  ])('by the defaults, at ratio %d: %d bad requests', (ratio, bad, digits) => {
    expect(badAt(ratio)).toBeCloseTo(bad, digits)
  })

  it('in time: as long as the canary needs for that many', () => {
    const [twice] = planning({ ...options, ratios: [2] }).rollback
    expect(twice?.seconds).toBeCloseTo((twice?.bad ?? NaN) / (100 * 0.05 * 0.004), 6)
  })

  it.each([
    [1.25, 112, 0],
    [1.5, 32, 0],
    [2, 9.8, 1],
    [3, 3.3, 1],
  ])('to show that a small canary is not %d times as bad: %d bad requests expected of it', (rho, bad, digits) => {
    const share = 1e-6
    expect(share * planning({ ...options, share, rho }).promotion.bad).toBeCloseTo(bad, digits)
  })

  it('to promote from half the traffic: 51 bad requests, and the time until they came', () => {
    const { promotion } = planning({ ...options, share: 0.5 })
    expect(promotion.bad).toBeCloseTo(51, 0)
    expect(promotion.requests).toBeCloseTo(promotion.bad / 0.002, 6)
    expect(promotion.seconds).toBeCloseTo(promotion.requests / 100, 6)
  })

  it.each([
    [0.05, 3_860],
    [0.025, 4_680],
  ])(
    'to keep an objective of 0.1 %% at level %d: about %d clean requests, and not one less than needed',
    (beta, about) => {
      const objective = { pStar: 0.001, beta, k: 40 }
      const { requests, seconds } = planning({ ...options, objective }).objective ?? { requests: NaN, seconds: NaN }
      expect(Math.ceil(requests / 10) * 10).toBe(about)
      expect(belowSlo({ x: 0, n: requests, ...objective })).toBeGreaterThanOrEqual(Math.log(1 / beta))
      expect(belowSlo({ x: 0, n: requests - 1, ...objective })).toBeLessThan(Math.log(1 / beta))
      expect(seconds).toBeCloseTo(requests / 5, 6)
    },
  )

  it('is inconclusive below one request in two seconds', () => {
    expect(planning({ ...options, rps: 0.4 }).isConclusive).toBe(false)
    expect(planning(options).isConclusive).toBe(true)
  })

  it.each([
    ['no traffic', { rps: 0 }],
    ['a canary that gets all', { share: 1 }],
    ['a stable that never fails', { badShare: 0 }],
    ['a level of 1', { alpha: 1 }],
    ['no level of promotion', { beta: 0 }],
    ['no weight', { omega: 0 }],
    ['a ratio that is tolerated', { ratios: [1.25] }],
    ['a promotion of what is better only', { rho: 1 }],
    ['an objective of nothing', { objective: { pStar: 0.6, beta: 0.05, k: 40 } }],
  ] as [string, Partial<PlanningOptions>][])('cannot be said of %s', (_, changes) => {
    expect(() => planning({ ...options, ...changes })).toThrow(RangeError)
  })
})
