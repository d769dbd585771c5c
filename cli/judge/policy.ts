import { ANALYSIS_DEFAULTS as DEFAULTS, ERROR_BUDGET, LATENCY_TOLERATED_RATIO } from '../../crds/defaults.ts'
import { parseDuration } from '../../crds/duration.ts'
import type { Metric, Policy } from '../../crds/policy.ts'
import type { Row } from '../../analysis/index.ts'
import { fields, list, number, oneOf, refuse, text, truth, type Fields, type Range } from './field.ts'

export type ReadPolicy = { policy: Policy; unknown: string[] }

/**
 * A policy as ledgers have it. What it leaves out has the default that a Rollout would have; without `metrics` those
 * that the rows have are compared. Throws `Refusal` with the place, for example `policy.burst`.
 */
export function policyFrom(value: unknown, rows: Row[]): ReadPolicy {
  const given = fields(value ?? {}, 'policy')
  const parts = { ...numbersOf(given), ...wordsOf(given), ...optional(given) }
  const policy = {
    ...given,
    ...parts,
    metrics: given.metrics === undefined ? metricsOf(rows) : list(given.metrics, 'policy.metrics').map(metricFrom),
    slots: number(given.slots ?? slotsOf(parts, rows), 'policy.slots', { least: 1, whole: true }),
    shadow: list(given.shadow ?? [], 'policy.shadow').map((rule, i) =>
      oneOf(rule, ['flagger', 'argo'] as const, `policy.shadow[${i}]`),
    ),
  } as Policy
  return { policy, unknown: Object.keys(given).filter((key) => !KNOWN.has(key)) }
}

const seconds = (duration: string): number => parseDuration(duration) / 1_000

/** Every number with its default and range. */
const NUMBERS: Record<string, [fallback: number, range: Range]> = {
  interval: [seconds(DEFAULTS.interval), { least: 1 }],
  falseRollback: [DEFAULTS.falseRollback, { least: 1e-9, most: 0.5 }],
  toleratedRatio: [DEFAULTS.toleratedRatio, { least: 1 }],
  latencyToleratedRatio: [LATENCY_TOLERATED_RATIO, { least: 1 }],
  promoteRatio: [DEFAULTS.promoteRatio, { least: 1 }],
  errorBudget: [ERROR_BUDGET, { least: 1 }],
  warmUp: [seconds(DEFAULTS.warmUp), { least: 0 }],
  dataDeadline: [seconds(DEFAULTS.dataDeadline), { least: 0 }],
  deadline: [seconds(DEFAULTS.deadline), { least: 0 }],
  burst: [DEFAULTS.burst, { least: 1 }],
}

const KNOWN = new Set([
  ...Object.keys(NUMBERS),
  'mode',
  'onInconclusive',
  'replaceLocalised',
  'enforceSlo',
  'metrics',
  'slots',
  'shadow',
  'slo',
  'ramp',
  'prometheus',
])

const numbersOf = (given: Fields): Fields =>
  Object.fromEntries(
    Object.entries(NUMBERS).map(([key, [fallback, range]]) => [
      key,
      number(given[key] ?? fallback, `policy.${key}`, range),
    ]),
  )

const wordsOf = (given: Fields): Fields => ({
  mode: oneOf(given.mode ?? DEFAULTS.mode, ['act', 'observe'] as const, 'policy.mode'),
  onInconclusive: oneOf(
    given.onInconclusive ?? DEFAULTS.onInconclusive,
    ['hold', 'promote', 'rollback'] as const,
    'policy.onInconclusive',
  ),
  replaceLocalised: truth(given.replaceLocalised ?? true, 'policy.replaceLocalised'),
  enforceSlo: truth(given.enforceSlo ?? DEFAULTS.enforceSlo, 'policy.enforceSlo'),
})

/** What may be absent. */
function optional({ slo, ramp, prometheus }: Fields): Fields {
  return {
    ...(slo === undefined ? {} : { slo: number(slo, 'policy.slo', { least: 1e-9, most: 1 - 1e-9 }) }),
    ...(ramp === undefined ? {} : { ramp: rampFrom(fields(ramp, 'policy.ramp')) }),
    ...(prometheus === undefined ? {} : { prometheus: fields(prometheus, 'policy.prometheus') }),
  }
}

function rampFrom({ ladder, dwell }: Fields): Policy['ramp'] {
  const rungs = list(ladder, 'policy.ramp.ladder')
  if (rungs.length === 0) refuse('policy.ramp.ladder', 'a list of weights', rungs)
  return {
    ladder: rungs.map((rung, i) => number(rung, `policy.ramp.ladder[${i}]`, { least: 0, most: 100 })),
    dwell: number(dwell ?? 0, 'policy.ramp.dwell', { least: 0 }),
  }
}

const KINDS = ['requests', 'latency', 'counters', 'conversion', 'gauge'] as const

function metricFrom(value: unknown, index: number): Metric {
  const at = `policy.metrics[${index}]`
  const metric = fields(value, at)
  text(metric.name, `${at}.name`)
  const kind = oneOf(metric.kind, KINDS, `${at}.kind`)
  if (kind === 'latency') number(metric.slowerThanMs, `${at}.slowerThanMs`, { least: 0 })
  if (kind === 'gauge') fields(metric.bounds, `${at}.bounds`)
  return metric as Metric
}

/** `errors` counts requests, `latency:250` a boundary. */
function metricsOf(rows: Row[]): Metric[] {
  const keys = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const names = [...new Set(keys.map((key) => key.replace(/:[\d.]+$/, '')))]
  return names.map((name) => {
    const boundaries = keys.filter((key) => key.startsWith(`${name}:`)).map((key) => Number(key.split(':').at(-1)))
    const [slowerThanMs] = boundaries
    return slowerThanMs === undefined
      ? { name, kind: 'requests' }
      : { name, kind: 'latency', slowerThanMs, boundariesMs: boundaries.sort((a, b) => a - b) }
  })
}

/** One per weight, and one for a pod that is replaced. */
function slotsOf({ ramp, replaceLocalised }: Fields, rows: Row[]): number {
  const weights = (ramp as Policy['ramp'])?.ladder.length ?? new Set(rows.map(({ slot }) => slot)).size
  return Math.max(1, weights) + (replaceLocalised === true ? 1 : 0)
}
