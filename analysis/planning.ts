import { leastCount } from './bisection.ts'
import { openBelowSlo } from './slo.ts'

export type PlanningOptions = {
  /** Requests per second, both arms together. */
  rps: number
  /** The canary's share of them, above 0 and below 1. */
  share: number
  /** Bad share of the baseline, above 0. */
  badShare: number
  /** Levels of a false rollback and of a false promotion. */
  alpha: number
  beta: number
  /** Weight of the metric in the evidence, at most 1. */
  omega: number
  /** The ratio that is tolerated, and the one that must not be promoted. */
  rho0: number
  rho: number
  /** How many times as bad a canary is asked about, above `rho0`. Default 2, 5, 10 and 50. */
  ratios?: readonly number[]
  /** Bad share that the objective allows, at most 0.5, and the level of the promotion on it. */
  objective?: { pStar: number; beta: number; k: number }
}

export type Planning = {
  /** False where the traffic is too thin for anything to be decided within an hour. */
  isConclusive: boolean
  /** Bad canary requests until the rollback, and seconds. */
  rollback: { ratio: number; bad: number; seconds: number }[]
  /** Of a canary as good as stable: bad requests of both arms, all requests of both arms, and seconds. */
  promotion: { bad: number; requests: number; seconds: number }
  /** Clean canary requests that show the objective kept, and seconds. */
  objective?: { requests: number; seconds: number }
}

const LEAST_RPS = 0.5

/**
 * What a release can be expected to take, by the figures of analysis.md 11: averages to plan with, not bounds. Throws
 * RangeError for shares, levels, ratios and rates outside their ranges.
 */
export function planning(options: PlanningOptions): Planning {
  const { rps, share, badShare, objective, ratios = [2, 5, 10, 50] } = options
  assertInside('share', share)
  assertInside('badShare', badShare)
  if (!(rps > 0)) throw new RangeError(`rps has to be positive, not ${rps}`)
  const promotion = badToPromote(options)
  const clean = objective && cleanRequests(objective)
  return {
    isConclusive: rps >= LEAST_RPS,
    rollback: ratios.map((ratio) => {
      const bad = badToRollback({ ...options, ratio })
      return { ratio, bad, seconds: bad / (ratio * rps * share * badShare) }
    }),
    promotion: { bad: promotion, requests: promotion / badShare, seconds: promotion / (badShare * rps) },
    ...(clean === undefined ? {} : { objective: { requests: clean, seconds: clean / (rps * share) } }),
  }
}

/** Above ln(1/(αω)), what the random way of the evidence costs. */
const OVERSHOOT = 2

/** Of a small canary share: the limit s → 0. */
function badToRollback({ alpha, omega, rho0, ratio }: PlanningOptions & { ratio: number }): number {
  assertInside('alpha', alpha)
  if (!(omega > 0 && omega <= 1)) throw new RangeError(`omega has to be above 0 and at most 1, not ${omega}`)
  if (!(rho0 > 0 && ratio > rho0)) throw new RangeError(`a ratio has to be above rho0 ${rho0}, not ${ratio}`)
  const gain = ratio * Math.log(ratio / rho0) - ratio + rho0
  return (ratio * (OVERSHOOT - Math.log(alpha * omega))) / gain
}

/** Bad requests of both arms, by the divergence of the share that is seen from the one at ratio ρ. */
function badToPromote({ beta, rho, share }: PlanningOptions): number {
  assertInside('beta', beta)
  if (!(rho > 1)) throw new RangeError(`rho has to be above 1, not ${rho}`)
  const atRho = (share * rho) / (share * rho + 1 - share)
  const divergence = share * Math.log(share / atRho) + (1 - share) * Math.log((1 - share) / (1 - atRho))
  return -Math.log(beta) / divergence
}

/** The least number of requests without a bad one at which `belowSlo` reaches 1/β. */
function cleanRequests({ pStar, beta, k }: { pStar: number; beta: number; k: number }): number {
  assertInside('beta', beta)
  const lnE = openBelowSlo({ pStar, k })
  return leastCount(Infinity, (n) => lnE(0, n) >= -Math.log(beta)) ?? Infinity
}

function assertInside(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} has to lie between 0 and 1, not ${value}`)
}
