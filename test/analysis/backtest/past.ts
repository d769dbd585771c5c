import type { History, Moment, Setting } from '../../../analysis/backtest/index.ts'
import { binomial, multinomial, poisson, seeded } from '../../../analysis/draw/index.ts'
import type { Plan } from '../../../crds/plan.ts'
import type { Policy } from '../../../crds/policy.ts'
import { policy } from '../shop.ts'

/** A service's past: a day of minutes with weather of its own. */

export const BAD_SHARE = 0.002
export const BOUNDARIES = [100, 250, 1_000]

export function pastOf(perMinute: number, badShare = BAD_SHARE): History {
  const random = seeded(7)
  const moments = Array.from({ length: 1_440 }, (_, i): Moment => {
    const n = poisson(random, perMinute * (1 + 0.5 * Math.sin((i / 1_440) * 2 * Math.PI)))
    const weather = i % 97 < 4 ? 8 : 0.7
    return { n, x: binomial(random, n, badShare * weather), classes: multinomial(random, n, [90, 7, 2.9, 0.1]) }
  })
  return { step: 60, from: 0, boundaries: BOUNDARIES, moments }
}

export const clock: Plan = {
  steps: [5, 25, 50].flatMap((weight) => [
    { kind: 'setWeight', weight } as const,
    { kind: 'analyze', forMs: 300_000 } as const,
  ]),
}

export const settingOf = (changes: Partial<Setting> = {}, rules: Partial<Policy> = {}): Setting => ({
  history: pastOf(6_000),
  plan: clock,
  policy: policy(rules),
  target: { metric: 'errors' },
  seed: 1,
  ...changes,
})
