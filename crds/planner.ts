import { CALLBACK_ACCOUNT } from './callback.ts'
import { parseDuration } from './duration.ts'
import type { AbTest, GateTerms, Plan, Step } from './plan.ts'
import type { Cohort, JobSpec, RolloutSpec, StepSpec, WebhookSpec } from './schema/rollout.ts'
import type { MatchRoute, StringMatch } from './traffic.ts'
import { checkTimezone } from './windows.ts'

/** The flat plan of a strategy, from a spec with defaults. Throws a sentence that names the field. */
export function planOf(spec: RolloutSpec): Plan {
  const { canary, blueGreen, abTest } = spec.strategy
  if (canary) return canaryPlan(canary, spec)
  if (blueGreen) return { steps: blueGreenSteps(blueGreen, spec) }
  if (abTest) return abTestPlan(abTest, spec)
  throw new Error('spec.strategy names none of canary, blueGreen and abTest')
}

type Strategy = RolloutSpec['strategy']
type Canary = NonNullable<Strategy['canary']>
type BlueGreen = NonNullable<Strategy['blueGreen']>

function canaryPlan({ steps, ramp, affinity }: Canary, { bake, service }: RolloutSpec): Plan {
  if (!steps && !ramp) throw new Error('spec.strategy.canary has neither steps nor ramp')
  const way: Step[] = ramp ? [{ kind: 'ramp', ladder: ramp.ladder }] : (steps ?? []).flatMap(stepsOf)
  const forMs = parseDuration(bake.for)
  const end: Step[] =
    forMs === 0
      ? []
      : [
          { kind: 'setWeight', weight: 100 - bake.holdBack },
          { kind: 'bake', forMs },
        ]
  return {
    steps: [...way, ...end],
    ...(affinity ? { affinity: cookieOf(affinity.cookie, affinity.maxAge, service.name) } : {}),
  }
}

/** Full size before the switch: no weight goes to pods that are not there. */
function blueGreenSteps(
  { preview, previewReplicas, mirror, tests, approve }: BlueGreen,
  { bake }: RolloutSpec,
): Step[] {
  const forMs = parseDuration(bake.for)
  return [
    { kind: 'scale', percent: previewReplicas },
    ...(preview ? [{ kind: 'preview' as const, host: preview.host }] : []),
    ...(mirror ? [mirrorOf(mirror)] : []),
    ...(tests ?? []).map(testOf),
    ...(approve ? gateOf(approve, 'spec.strategy.blueGreen.approve') : []),
    ...(previewReplicas < 100 ? [{ kind: 'scale' as const, percent: 100 }] : []),
    { kind: 'setWeight', weight: 100 },
    ...(forMs === 0 ? [] : [{ kind: 'bake' as const, forMs }]),
  ]
}

function abTestPlan(
  { match, split, cookie, metric, maxDuration, then }: NonNullable<Strategy['abTest']>,
  { service }: RolloutSpec,
): Plan {
  const test: AbTest = {
    ...(match ? { cohort: cohortOf(match) } : {}),
    percent: split,
    ...(metric === undefined ? {} : { metric }),
    maxDurationMs: parseDuration(maxDuration),
    then,
  }
  return { steps: [{ kind: 'abTest', ...test }], affinity: cookieOf(cookie.name, cookie.maxAge, service.name) }
}

const cookieOf = (name: string | undefined, maxAge: string, service: string): NonNullable<Plan['affinity']> => ({
  cookie: name ?? `sluice-${service}`,
  maxAgeMs: parseDuration(maxAge),
})

/** Nearly always one. */
const stepsOf = (step: StepSpec, index: number): Step[] =>
  step.approve ? gateOf(step.approve, `spec.strategy.canary.steps[${index}].approve`) : [stepOf(step, index)]

function stepOf(step: StepSpec, index: number): Step {
  if (step.setWeight !== undefined) return { kind: 'setWeight', weight: step.setWeight }
  if (step.analyze) return { kind: 'analyze', forMs: parseDuration(step.analyze.for) }
  if (step.pause) return { kind: 'pause', ...(step.pause.for ? { forMs: parseDuration(step.pause.for) } : {}) }
  if (step.mirror) return mirrorOf(step.mirror)
  if (step.match) return { kind: 'match', cohort: cohortOf(step.match) }
  if (step.fault) return faultOf(step.fault)
  if (step.webhook) return webhookOf(step.webhook)
  if (step.job) return jobOf(step.job)
  throw new Error(`spec.strategy.canary.steps[${index}] has no kind, for example setWeight: 20`)
}

/** A gate that names windows and says nothing about people is answered by the windows alone. */
function gateOf(approve: NonNullable<StepSpec['approve']>, field: string): Step[] {
  const { name, allow, by, notBy, callback } = approve
  if (!allow) return [approveOf(approve)]
  for (const [index, { timezone }] of allow.entries()) refuseUnknown(timezone, `${field}.allow[${index}].timezone`)
  const window: Step = { kind: 'window', name, allow }
  return by || notBy || callback ? [approveOf(approve), window] : [window]
}

function refuseUnknown(timezone: string, field: string): void {
  try {
    checkTimezone(timezone)
  } catch (error) {
    throw new Error(`${field}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function approveOf({ name, by, notBy, expiresAfter, callback }: NonNullable<StepSpec['approve']>): Step {
  // Whoever answers by the address of a callback counts there, and at no other gate.
  const serviceAccounts = [...new Set([...(by?.serviceAccounts ?? []), ...(callback ? [CALLBACK_ACCOUNT] : [])])]
  const terms: GateTerms = {
    minimum: 1,
    ...by,
    ...(serviceAccounts.length > 0 ? { serviceAccounts } : {}),
    ...(notBy ? { notBy } : {}),
  }
  return {
    kind: 'approve',
    name,
    expiresAfterMs: parseDuration(expiresAfter),
    ...(by || notBy || callback ? { terms } : {}),
    ...(callback ? { callback } : {}),
  }
}

const mirrorOf = ({ percent, for: time }: NonNullable<StepSpec['mirror']>): Step => ({
  kind: 'mirror',
  percent,
  ...(time === undefined ? {} : { forMs: parseDuration(time) }),
})

const faultOf = ({ percent, delay, abort, for: time }: NonNullable<StepSpec['fault']>): Step => ({
  kind: 'fault',
  fault: {
    percent,
    ...(delay === undefined ? {} : { delayMs: parseDuration(delay) }),
    ...(abort === undefined ? {} : { abort }),
  },
  forMs: parseDuration(time),
})

function testOf({ webhook, job }: NonNullable<BlueGreen['tests']>[number], index: number): Step {
  if (webhook) return webhookOf(webhook)
  if (job) return jobOf(job)
  throw new Error(`spec.strategy.blueGreen.tests[${index}] is neither webhook nor job`)
}

const webhookOf = ({ timeout, ...webhook }: WebhookSpec): Step => ({
  kind: 'webhook',
  ...webhook,
  timeoutMs: parseDuration(timeout),
})

const jobOf = ({ template, timeout }: JobSpec): Step => ({ kind: 'job', template, timeoutMs: parseDuration(timeout) })

/** Names of headers have no case, and Istio knows them in lower case only; those of cookies do. */
function cohortOf(cohort: Cohort): MatchRoute[] {
  return cohort.map(({ headers, cookies }) => ({
    ...(headers ? { headers: matchesOf(headers, (name) => name.toLowerCase()) } : {}),
    ...(cookies ? { cookies: matchesOf(cookies, (name) => name) } : {}),
  }))
}

type Matches = NonNullable<Cohort[number]['headers']>

const matchesOf = (matches: Matches, spell: (name: string) => string): Record<string, StringMatch> =>
  Object.fromEntries(Object.entries(matches).map(([name, match]) => [spell(name), matchOf(name, match)]))

function matchOf(name: string, { exact, prefix, regex }: Matches[string]): StringMatch {
  if (exact !== undefined) return { exact }
  if (prefix !== undefined) return { prefix }
  if (regex !== undefined) return { regex }
  throw new Error(`a match of ${name} says none of exact, prefix and regex`)
}
