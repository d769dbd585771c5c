import { formatDuration } from '../crds/duration.ts'
import { standsOut, type Standing } from './ascent.ts'
import { ENOUGH_REQUESTS, TIMED } from './checks.ts'
import { comparison } from './comparison.ts'
import { finePercent, grouped, odds } from './figures.ts'
import { REACTION_SECONDS } from './levels.ts'
import { preferenceWords } from './preference.ts'
import type { Progress } from './progress.ts'
import { tooFew } from './proof.ts'
import { allowedWeight, LEAST_REQUESTS, LEAST_ROWS, rampOf, spentOf, topOf } from './ramp.ts'
import type { Situation } from './situation.ts'

/** What a step that goes on is waiting for, in words. */
export function waiting(situation: Situation): string {
  const { step, row, ascent } = situation
  const at = `${row.weight} %`
  if (!step) return `Watching at ${at}: ${comparison(situation)}.`
  const wanted = ascent ? climbing(situation, step, ascent.standing()) : covering(situation, step)
  const slight = insignificance(situation)
  const warming = row.flag === 'warmup' ? ', warming up' : ''
  return `Holding at ${at}: ${wanted}${warming}${slight && `, ${slight}`}; ${comparison(situation)}.`
}

export const duration = (seconds: number): string => formatDuration(seconds * 1_000)

/** `3 of 50 failed requests spent` */
export const budgetWords = (situation: Situation): string =>
  `${grouped(Math.floor(spentOf(situation)))} of ${grouped(situation.policy.errorBudget)} failed requests spent`

function covering(situation: Situation, { running, covered, canary }: Progress): string {
  const { evidence } = situation
  if (running.kind === 'abTest') {
    const { metric } = running
    return metric === undefined ? 'A/B test' : `A/B test, ${preferenceWords(metric, situation.preference)}`
  }
  const wanted = running.kind === 'ramp' ? 0 : running.for
  const verb = running.kind === 'bake' ? 'baked' : 'analysed'
  const isFew = evidence.metrics.length > 0 && canary < ENOUGH_REQUESTS
  const few = isFew ? `, ${grouped(canary)} of ${ENOUGH_REQUESTS} canary requests seen` : ''
  return `${duration(covered)} of ${duration(wanted)} ${verb}${few}`
}

/** `worse than stable for certain, but too few to roll back: …`, and what becomes of it. Empty where that is not so. */
export function insignificance(situation: Situation): string {
  const floor = tooFew(situation)
  if (!floor) return ''
  const { against, beyond, requests, least, leastShare } = floor
  const [what, than] =
    against === 'baseline'
      ? ['worse than stable', 'stable would have']
      : ['worse than the objective', 'the objective allows']
  const bad = Math.floor(beyond)
  const amount =
    beyond < least
      ? `${bad === 1 ? '1 request' : `${grouped(bad)} requests`} more than ${than}, ${least} are asked for`
      : `${finePercent(beyond / requests)} of the canary's requests, the objective asks for ${finePercent(leastShare)}`
  return `${what} for certain, but too few to roll back: ${amount}; ${afterwards(situation)}`
}

function afterwards({ policy, step }: Situation): string {
  const stands = 'the step does not end while that stands: promote or abort'
  const isLimited = step !== undefined && !TIMED.has(step.running.kind) && policy.onInconclusive === 'rollback'
  return isLimited
    ? `${stands}, or it goes back after ${duration(policy.deadline - step.covered)} more of data`
    : stands
}

function climbing(situation: Situation, { here }: Progress, standing: Standing): string {
  const { policy, row } = situation
  const { ladder, dwell } = rampOf(policy)
  const isTop = row.weight >= topOf(ladder)
  const seconds = here.slot === row.slot ? here.seconds : 0
  const least = Math.max(REACTION_SECONDS, LEAST_ROWS * policy.interval, isTop ? dwell : 0)
  if (seconds < least) return `${duration(seconds)} of ${duration(least)} seen at this weight`
  if (isTop) return unproven(situation, standing)
  if (here.canary < LEAST_REQUESTS) {
    return `${grouped(here.canary)} of ${LEAST_REQUESTS} canary requests seen at this weight`
  }
  return `the error budget allows ${allowedWeight(situation)} % until more is known, ${budgetWords(situation)}`
}

function unproven({ policy, spent, ascent }: Situation, { notInferior, belowSlo }: Standing): string {
  const { expected = 0 } = spent.get(ascent?.key ?? '') ?? {}
  const ways = [
    `less than ${policy.promoteRatio}× as bad as stable (${odds(notInferior.lnE)} of ${odds(notInferior.lnThreshold)})`,
    ...(belowSlo ? [`within the objective (${odds(belowSlo.lnE)} of ${odds(belowSlo.lnThreshold)})`] : []),
  ]
  if (standsOut(notInferior) || (belowSlo && standsOut(belowSlo)))
    return 'good enough, but the evidence of harm has not gone'
  const advice =
    expected === 0 && !belowSlo ? '; stable has no errors to compare with: analysis.slo would let the ramp end' : ''
  return `not yet shown to be ${ways.join(' or ')}${advice}`
}
