import type { Declared } from './rollouts.ts'

/** Failed requests that no bound is about: phrases that say why, and what would help. */
export function exceptionsOf(declared: Declared): string[] {
  return [unmeasured, cohort, injected, alone, afterwards].flatMap((say) => say(declared) ?? [])
}

type Say = (declared: Declared) => string | undefined

const unmeasured: Say = ({ policy: { metrics, mode } }) => {
  const counts = metrics.some(({ kind }) => kind === 'requests' || kind === 'counters')
  if (!counts) return 'every failed request; add a metric with requests: {} to spec.analysis'
  return mode === 'observe' ? 'every failed request; mode: observe tells verdicts and does not go back' : undefined
}

const cohort: Say = ({ plan: { steps } }) =>
  steps.some((step) => step.kind === 'match')
    ? 'requests of the cohort of a match, which are not random; pods that crash go back, the rest is for its users to tell'
    : undefined

const injected: Say = ({ plan: { steps } }) =>
  steps.some((step) => step.kind === 'fault' && step.fault.abort !== undefined)
    ? 'requests of the cohort that a fault answers with an error'
    : undefined

/** Stable has no requests to compare with. */
const alone: Say = ({ plan: { steps }, policy }) => {
  const full = steps.findIndex((step) => step.kind === 'setWeight' && step.weight === 100)
  if (full < 0 || full === steps.length - 1) return undefined
  const least = 'fewer than half of the requests that fail while everything is on the new revision'
  return policy.slo === undefined
    ? `${least}; analysis.slo finds them by evidence`
    : `${least}, which the objective finds by evidence`
}

const afterwards: Say = ({ spec }) =>
  `what fails after the promotion: nothing goes back by itself then; bake.for (${spec.bake.for}) is for faults that are slow to show`
