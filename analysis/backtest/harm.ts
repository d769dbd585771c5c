import type { Metric, Policy } from '../../crds/policy.ts'
import { badShareOf, type History } from './history.ts'

/** What is done to the canary of a replay: a share of its good requests turns bad. */
export type Harm = {
  /** As it was asked for: `identical`, `5×`, `10 %`. */
  label: string
  /** δ: the share of good canary requests that turn bad. 0 is an identical version. */
  share: number
}

/** Which requests are harmed: those of the requests metric, or those of one latency boundary (milliseconds). */
export type Target = { metric: string; boundary?: number }

export type HarmLevel = { times: number } | { share: number }

/** Where stable has bad events, multiples of them; the last level fails everything. */
export const TIMES_LEVELS: HarmLevel[] = [{ share: 0 }, { times: 2 }, { times: 5 }, { times: 10 }, { share: 1 }]
/** Where stable has none, a multiple would be none, too. */
export const SHARE_LEVELS: HarmLevel[] = [0, 0.001, 0.01, 0.1, 1].map((share) => ({ share }))

/**
 * Levels as shares of this history. `r` times as bad means: the expected bad share of the canary is r times that of the
 * whole history, so δ = (r − 1)p/(1 − p), at most 1. Throws RangeError for a multiple of nothing.
 */
export function harmsOf(levels: readonly HarmLevel[], history: History, target: Target): Harm[] {
  const p = badShareOf(history, target.boundary)
  return levels.map((level) => {
    if ('share' in level) return { label: level.share === 0 ? 'identical' : percent(level.share), share: level.share }
    if (level.times === 1) return { label: 'identical', share: 0 }
    if (p === 0)
      throw new RangeError(
        `nothing was bad in this history, so ${level.times}x is no harm; write a share, for example 1%`,
      )
    return { label: `${level.times}×`, share: Math.min(1, ((level.times - 1) * p) / (1 - p)) }
  })
}

/** Harm goes into failed requests where they are watched, else into the first latency. Throws RangeError when neither is. */
export function targetOf({ metrics }: Pick<Policy, 'metrics'>, named?: string): Target {
  const fits = (metric: Metric): boolean => metric.kind === 'requests' || metric.kind === 'latency'
  const known = metrics.filter(fits)
  const metric =
    named === undefined
      ? (known.find(({ kind }) => kind === 'requests') ?? known[0])
      : known.find(({ name }) => name === named)
  if (!metric) throw new RangeError(complaint(metrics, known, named))
  if (metric.kind !== 'latency') return { metric: metric.name }
  const [first = metric.slowerThanMs] = metric.boundariesMs ?? []
  const boundary = metric.boundariesMs?.find((ms) => ms >= metric.slowerThanMs) ?? first
  return { metric: metric.name, boundary }
}

function complaint(metrics: Metric[], known: Metric[], named: string | undefined): string {
  const names = known.map(({ name }) => name).join(', ')
  if (named !== undefined && names !== '') return `there is no metric ${named} that can be harmed; there are ${names}`
  const declared = metrics.map(({ name, kind }) => `${name} (${kind})`).join(', ') || 'none'
  return `only metrics of requests and latency can be replayed; declared are: ${declared}`
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`
