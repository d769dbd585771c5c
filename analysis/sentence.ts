import { comparison, leading } from './comparison.ts'
import { finePercent, grouped, odds, ordinal } from './figures.ts'
import type { Finding } from './finding.ts'
import { outsideWords } from './gauges.ts'
import { holding, undecided } from './holding.ts'
import type { Ledger } from './ledger.ts'
import type { Situation } from './situation.ts'
import { preferenceWords } from './preference.ts'
import { budgetWords } from './waiting.ts'

/** The verdict as one sentence for a person. Never empty. */
export function sentenceOf(ledger: Ledger, situation: Situation, finding: Finding): string {
  if (finding.verdict === 'rollback') return `Rolled back: ${cause(situation, finding)}.`
  if (finding.verdict === 'hold') return holding(ledger, situation, finding)
  const at = `${situation.row.weight} %`
  if (finding.verdict === 'retreat') {
    const next = `the step starts again when one is ready (${ordinal(finding.times)} time)`
    return `Retreating from ${at}: no canary pod is ready, and none has crashed; ${next}.`
  }
  const to = finding.reason === 'nextRung' ? ` to ${finding.next} %` : ''
  return `Advancing from ${at}${to}: ${permission(situation, finding)}${comparison(situation)}.`
}

function cause(situation: Situation, finding: Extract<Finding, { verdict: 'rollback' }>): string {
  switch (finding.reason) {
    case 'crash':
      return `a canary process ended by itself at ${situation.row.weight} %`
    case 'mostlyBad':
      return mostlyBad(finding)
    case 'evidence':
      return leading(situation)
    case 'budget':
      return overBudget(situation, finding)
    case 'bound':
      return outOfBound(situation, finding)
    case 'preferred':
      return `users prefer A, which is stable — ${preferenceWords(finding.metric, finding.preference)}`
    case 'notReady':
      return `the canary was left without a ready pod for the ${ordinal(finding.times)} time`
    case 'deadline':
  }
  return `${undecided(situation)}; ${comparison(situation)}`
}

function permission(situation: Situation, finding: Extract<Finding, { verdict: 'advance' }>): string {
  const { policy, ascent } = situation
  switch (finding.reason) {
    case 'preferred':
      return `users prefer B — ${preferenceWords(finding.metric, finding.preference)}; `
    case 'clean':
      return ''
    case 'deadlinePromote':
      return `${undecided(situation)}, and nothing speaks against it; `
    case 'nextRung':
      return `the error budget allows it, ${budgetWords(situation)}; `
    case 'notInferior':
      return `the canary is less than ${policy.promoteRatio}× as bad as stable${certainty(ascent?.standing().notInferior)}; `
    case 'belowSlo':
  }
  return `the canary keeps the objective of ${finePercent(policy.slo ?? 0)}${certainty(ascent?.standing().belowSlo)}; `
}

const certainty = (found: { lnE: number; lnThreshold: number } | undefined): string =>
  found ? ` (${odds(found.lnE)}, threshold ${odds(found.lnThreshold)})` : ''

function mostlyBad({ metric, cell, rows }: Extract<Finding, { reason: 'mostlyBad' }>): string {
  const [nc, nb, xc, xb] = cell
  const where = rows === 1 ? 'in the last row' : `in the last ${rows} rows`
  const what = metric === 'errors' ? '' : ` by ${metric}`
  return `${grouped(xc)} of ${grouped(nc)} canary requests failed${what} ${where}, stable ${grouped(xb)} of ${grouped(nb)}`
}

function overBudget({ policy }: Situation, { metric, excess, budget }: Extract<Finding, { reason: 'budget' }>): string {
  const isRequests = policy.metrics.some(({ name, kind }) => name === metric && kind === 'requests')
  const lost = isRequests ? 'failed requests' : `bad events of ${metric}`
  return `the canary has cost ${grouped(Math.floor(excess))} ${lost} more than stable would have; the error budget is ${grouped(budget)}`
}

function outOfBound({ row }: Situation, { gauge }: Extract<Finding, { reason: 'bound' }>): string {
  return `${outsideWords(gauge, row)} in two rows one after the other`
}
