import { classified, type Classification, type KayentaMetric } from './classification.ts'

export type KayentaOptions = {
  metrics: readonly KayentaMetric[]
  /** Percent of the total per group; groups that are not named share what is left. */
  weights?: Readonly<Record<string, number>>
  /** The total from which the canary passes, and the one from which it is marginal. Defaults 95 and 75. */
  pass?: number
  marginal?: number
}

export type KayentaJudgement = {
  verdict: 'Pass' | 'Marginal' | 'Fail'
  /** 0 to 100, two decimals. */
  total: number
  /** Why the total is 0 whatever the groups say. */
  reason?: string
  groups: { name: string; score: number; weight: number }[]
  metrics: Classification[]
}

/**
 * What Kayenta's Netflix judge says of these samples (analysis.md 10): a second opinion for people who compare, never
 * the cause of a rollback. Throws RangeError for negative weights and for such that exceed 100 together.
 */
export function kayenta({ metrics, weights = {}, pass = 95, marginal = 75 }: KayentaOptions): KayentaJudgement {
  assertWeights(Object.values(weights))
  const classifications = metrics.map(classified)
  const counted = metrics.flatMap(({ muted, groups }, i): Counted[] => {
    const found = classifications[i]
    return muted || !found ? [] : [{ ...found, groups }]
  })
  const groups = scored(counted, weights)
  const reason = spoiled(counted)
  const sum = groups.reduce((total, { score, weight }) => total + (score * weight) / 100, 0)
  const total = reason === undefined ? Math.round(sum * 100) / 100 : 0
  const verdict = total >= pass ? 'Pass' : total >= marginal ? 'Marginal' : 'Fail'
  return { verdict, total, ...(reason === undefined ? {} : { reason }), groups, metrics: classifications }
}

type Counted = Classification & { groups: readonly string[] }

function assertWeights(weights: number[]): void {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (!weights.every((weight) => weight >= 0) || sum > 100) {
    throw new RangeError(`weights of groups have to be 0 or more and at most 100 together, not ${weights.join(', ')}`)
  }
}

/** 100 · Pass / all with a say; a group without data passes. */
function scored(metrics: Counted[], weights: Readonly<Record<string, number>>): KayentaJudgement['groups'] {
  const names = [...new Set(metrics.flatMap(({ groups }) => groups))]
  const unweighted = names.filter((name) => weights[name] === undefined).length
  const rest = 100 - Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  return names.map((name) => {
    const members = metrics.filter(({ groups, label }) => groups.includes(name) && label !== 'Nodata')
    const passed = members.filter(({ label }) => label === 'Pass').length
    const score = members.length === 0 ? 100 : (100 * passed) / members.length
    return { name, score, weight: weights[name] ?? rest / unweighted }
  })
}

/** A reason for a total of 0. */
function spoiled(metrics: Counted[]): string | undefined {
  const critical = metrics.find((metric) => metric.critical)
  if (critical) return `the critical metric ${critical.name} is ${critical.label}`
  const without = metrics.filter(({ label }) => label === 'Nodata').length
  return without * 2 >= metrics.length ? `${without} of ${metrics.length} metrics have no data` : undefined
}
