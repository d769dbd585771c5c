import { FAST_REQUESTS } from '../../analysis/checks.ts'
import { FAR_MORE } from '../../analysis/excess.ts'
import type { Policy } from '../../crds/policy.ts'

/** Assumed about the world: requests per second of the whole service, and seconds between scrapes of Prometheus. */
export type World = { rate: number; scrape: number }

/** How many requests may fail beyond those that would have failed on stable, which is taken to be well. */
export type Damage = {
  /** Of a version that fails everything from the moment it gets this weight, in percent. Undefined where nothing counts. */
  allFrom: (weight: number) => number | undefined
  /** Of any version at all, at weights up to this one and below 100; undefined where nothing counts. */
  ofAny: (weight: number) => number | undefined
}

/** Seconds that a rollback may wait for a write of the route that is under way; its own is as good as at once. */
const WRITE_SECONDS = 10

/**
 * Upper bounds, from checks 1 and 3 of analysis.md 4 and the pace of section 6, while Prometheus answers. A request that
 * fails is in a sample `scrape` later; a row ends up to `interval` after that, is closed `scrape + lag` later
 * (lag = min(5, interval/4)), and the route is written back within 10 s: `delay` = 2·scrape + interval + lag + 10.
 *
 * - Any version: the budget B goes back at the first row with S ≥ B, so B + rate·w·delay. Stable fails next to nothing.
 *   B gives way to 4·√(φV), which is 16·φ·n_c/n_b where rows have more than twice as many canary requests as stable ones;
 *   and only rows with a request of stable count.
 * - All fail from w on: the fast path needs n_c ≥ 20 and a request of stable in rows of this weight, the first of which begins
 *   up to one interval late: rate·w·((1 + m)·interval + scrape + lag + 10) with m = ⌈(t + scrape)/interval⌉, t the
 *   longer of 20/(rate·w) and 1/(rate·(1 − w)); the lesser of both.
 *   At 100 % there is nothing to compare with, so no budget, and the fast path alone.
 */
export function damageOf(policy: Policy, { rate, scrape }: World): Damage {
  const { interval, errorBudget, burst, mode, metrics } = policy
  const counts = mode === 'act' && metrics.some(({ kind }) => kind === 'requests' || kind === 'counters')
  const closing = scrape + Math.min(5, interval / 4) + WRITE_SECONDS
  const perSecond = (weight: number): number => (rate * weight) / 100
  const budget = (weight: number): number => {
    const [canary, stable] = [perSecond(weight) * interval + 1, perSecond(100 - weight) * interval]
    const odds = canary / Math.max(1, Math.floor(stable))
    const least = odds > FAR_MORE ? Math.max(errorBudget, 16 * burst * odds) : errorBudget
    return least / Math.min(1, stable)
  }
  const ofAny = (weight: number): number => budget(weight) + perSecond(weight) * (scrape + interval + closing)
  const fast = (weight: number): number => {
    const first = weight === 100 ? 0 : 1 / perSecond(100 - weight)
    const rows = Math.ceil((Math.max(FAST_REQUESTS / perSecond(weight), first) + scrape) / interval)
    return perSecond(weight) * ((1 + rows) * interval + closing)
  }
  return {
    allFrom: (weight) => {
      if (!counts || weight === 0) return undefined
      return Math.ceil(weight === 100 ? fast(weight) : Math.min(fast(weight), ofAny(weight)))
    },
    ofAny: (weight) => (counts ? Math.ceil(ofAny(weight)) : undefined),
  }
}
