import type { Policy, Ramp } from '../crds/policy.ts'
import type { RampEvidence } from '../crds/verdict.ts'
import { standsOut, type Ascent } from './ascent.ts'
import { NO_EXCESS } from './excess.ts'
import { rounded } from './figures.ts'
import type { Finding } from './finding.ts'
import type { Before } from './ledger.ts'
import { REACTION_SECONDS, SIZING_LEVEL } from './levels.ts'
import { counts } from './row.ts'
import type { Situation } from './situation.ts'
import { upperBound } from './slo.ts'

/** At one weight, before the next. */
export const LEAST_ROWS = 2
export const LEAST_REQUESTS = 20
/** Requests per second below which the traffic before a release says little about the traffic in it. */
const LEAST_RATE = 0.5
/** Over which the traffic is measured. */
const TRAFFIC_ROWS = 20
/** An excess below this cannot be told from none. */
const LEAST_EXCESS = 1e-6
/** So that a weight that is a rung but for its last bits is that rung. */
const SLACK = 1 + 1e-9

/**
 * The weight, in percent, at which a ramp begins: even if every canary request fails, the budget lasts for the time of
 * a reaction (analysis.md 5). The lowest rung where the traffic is not known, or next to nothing. Throws RangeError
 * without a ramp.
 */
export function firstRung({ policy, before }: { policy: Policy; before?: Before }): number {
  const { ladder } = rampOf(policy)
  if (before?.rate === undefined || before.rate < LEAST_RATE) return Math.min(...ladder)
  return snap(ladder, affordable(policy.errorBudget, before.rate, 1))
}

/** The weight that the budget allows after this row, in percent; not below the lowest rung. */
export function allowedWeight(situation: Situation): number {
  const { policy, ascent } = situation
  const { ladder } = rampOf(policy)
  if (!ascent) return Math.min(...ladder)
  const { upper, baselineRate, spent } = sizing(situation, ascent)
  const rate = trafficOf(situation, ascent)
  if (rate === 0) return Math.min(...ladder)
  const left = Math.max(0, policy.errorBudget - spent)
  return snap(ladder, affordable(left, rate, Math.max(upper - baselineRate, LEAST_EXCESS)))
}

/** The next rung or the end of the ramp; only asked where nothing speaks against going on. */
export function climb(situation: Situation): Finding | undefined {
  const { policy, ascent, step, row } = situation
  if (!ascent || !step) return undefined
  const { ladder, dwell } = rampOf(policy)
  const { slot, rows, seconds, canary } = step.here
  if (slot !== row.slot || rows < LEAST_ROWS || seconds < REACTION_SECONDS) return undefined
  if (row.weight >= topOf(ladder)) {
    const { notInferior, belowSlo } = ascent.standing()
    if (seconds < dwell) return undefined
    if (standsOut(notInferior)) return { verdict: 'advance', reason: 'notInferior' }
    return belowSlo && standsOut(belowSlo) ? { verdict: 'advance', reason: 'belowSlo' } : undefined
  }
  if (canary < LEAST_REQUESTS) return undefined
  const next = allowedWeight(situation)
  return next > row.weight ? { verdict: 'advance', reason: 'nextRung', next } : undefined
}

/** Undefined outside a ramp. `next` of a hold is what the budget allows now. */
export function rampEvidence(situation: Situation, finding: Finding): RampEvidence | undefined {
  const { policy, ascent, row } = situation
  if (!ascent) return undefined
  const { upper, baselineRate, spent } = sizing(situation, ascent)
  const { notInferior, belowSlo } = ascent.standing()
  return {
    upper: rounded(upper),
    baselineRate: rounded(baselineRate),
    budget: policy.errorBudget,
    spent: rounded(spent),
    next: nextOf(finding, Math.max(row.weight, allowedWeight(situation))),
    lnNonInferior: rounded(notInferior.lnE),
    ...(belowSlo ? { lnBelowSlo: rounded(belowSlo.lnE) } : {}),
  }
}

export function rampOf({ ramp }: Policy): Ramp {
  if (!ramp || ramp.ladder.length === 0) throw new RangeError('a ramp is running, but the policy has no ladder')
  return ramp
}

/** Failed requests beyond those that stable would have had. */
export const spentOf = ({ spent, ascent }: Situation): number => Math.max(0, spent.get(ascent?.key ?? '')?.S ?? 0)

export const topOf = (ladder: number[]): number => Math.max(...ladder)

function nextOf(finding: Finding, allowed: number): number | null {
  if (finding.verdict !== 'advance') return allowed
  return finding.reason === 'nextRung' ? finding.next : null
}

/** Requests per second of both arms: the median of the last rows, in their absence what was before the release. */
function trafficOf({ rows, index, before }: Situation, { key }: Ascent): number {
  const rates: number[] = []
  for (let i = index; i >= 0 && rates.length < TRAFFIC_ROWS; i--) {
    const row = rows[i]
    const cell = row && counts(row) ? row.cells[key] : undefined
    if (row && cell) rates.push((cell[0] + cell[1]) / (row.t1 - row.t0))
  }
  const sorted = rates.sort((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.floor(sorted.length / 2)]
  return low === undefined || high === undefined ? (before?.rate ?? 0) : (low + high) / 2
}

/** U, p̄_b and the part of the budget that is spent. */
function sizing(situation: Situation, { key, sums }: Ascent) {
  const { expected } = situation.spent.get(key) ?? NO_EXCESS
  return {
    upper: upperBound({ x: sums.x, n: sums.n, beta: SIZING_LEVEL }),
    baselineRate: sums.paired === 0 ? 0 : expected / sums.paired,
    spent: spentOf(situation),
  }
}

/** Percent of `rate` requests per second whose `share` of failures spends `budget` in the time of a reaction. */
function affordable(budget: number, rate: number, share: number): number {
  return budget === 0 ? 0 : (100 * budget) / (rate * REACTION_SECONDS * share)
}

/** Down to the ladder, at least its lowest rung. */
function snap(ladder: number[], weight: number): number {
  return Math.max(Math.min(...ladder), ...ladder.filter((rung) => rung <= weight * SLACK))
}
