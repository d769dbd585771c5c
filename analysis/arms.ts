import { borderOf } from './bisection.ts'
import { isCount } from './cell.ts'
import { lnBeta } from './gamma.ts'

export type ArmsOptions = {
  /** New outcomes per arm, row by row: users who did what is counted. */
  rows: readonly (readonly number[])[]
  /** Shares of the users that the arms were given; together 1. */
  theta: readonly number[]
  /** How firmly the prior believes in `theta`. Default 100. */
  k?: number
}

export type ContrastOptions = ArmsOptions & {
  /** The arms that are compared, 0-based: the effect is that of the second against the first. */
  arms: readonly [from: number, to: number]
  alpha: number
}

/** ln of how many times as often the second arm has outcomes; ends may be infinite. */
export type Contrast = Interval & {
  /** What all looks so far leave together; empty, upper below lower, if they contradict each other. */
  soFar: Interval
}

type Interval = { lower: number; upper: number }

/**
 * The p-value after every row, valid at any time: below α once at most with probability α while all arms are alike.
 * Dirichlet-multinomial mixture of Lindon & Malek (2022), analysis.md 9. Throws RangeError for outcomes that are no
 * counts, for shares that are not positive or do not sum to 1, and for rows of another length.
 */
export function armsTest({ rows, theta, k = 100 }: ArmsOptions): number[] {
  let p = 1
  return running(rows, theta).map((counts) => {
    p = Math.min(p, Math.exp(lnLikelihood(counts, theta) - lnMixture(counts, theta, k)))
    return p
  })
}

/**
 * The confidence set of one arm's effect against another's after every row, valid at all times at once at level 1 − α:
 * every δ that the p-value would not reject, effects of further arms being free. Throws as `armsTest` does, and for
 * arms that do not exist.
 */
export function armsContrast({ rows, theta, k = 100, arms: [from, to], alpha }: ContrastOptions): Contrast[] {
  if (from === to || !(from in theta) || !(to in theta)) throw new RangeError(`there are no arms ${from} and ${to}`)
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha has to lie between 0 and 1, not ${alpha}`)
  const soFar = { lower: -Infinity, upper: Infinity }
  return running(rows, theta).map((counts) => {
    const least = lnMixture(counts, theta, k) + Math.log(alpha)
    const { lower, upper } = contrast({ counts, theta, from, to, least })
    soFar.lower = Math.max(soFar.lower, lower)
    soFar.upper = Math.min(soFar.upper, upper)
    return { lower, upper, soFar: { ...soFar } }
  })
}

/** Beyond this logarithm doubles overflow. */
const FARTHEST = 700

type ContrastInput = { counts: number[]; theta: readonly number[]; from: number; to: number; least: number }

/** Effects at which the likelihood, at its best for all other arms, is above `least`. */
function contrast({ counts, theta, from, to, least }: ContrastInput): Interval {
  const a = counts[from] ?? 0
  const b = counts[to] ?? 0
  const given = Math.log((theta[to] ?? 1) / (theta[from] ?? 1))
  const total = counts.reduce((sum, count) => sum + count, 0)
  const others = counts.reduce(
    (sum, count, arm) => (arm === from || arm === to ? sum : sum + timesLn(count, count / total)),
    0,
  )
  const free = others + timesLn(a + b, (a + b) / total)
  const isInside = (delta: number): boolean => {
    const odds = given + delta
    return free - timesLn(b, 1 + Math.exp(-odds)) - timesLn(a, 1 + Math.exp(odds)) > least
  }
  const best = Math.max(-FARTHEST, Math.min(FARTHEST, a + b === 0 ? 0 : Math.log(b / a) - given))
  return { lower: b === 0 ? -Infinity : end(best, -1, isInside), upper: a === 0 ? Infinity : end(best, 1, isInside) }
}

/** Walks from `best` by ever larger steps until it is out. */
function end(best: number, step: 1 | -1, isInside: (delta: number) => boolean): number {
  for (let width = 1; width < 4 * FARTHEST; width *= 2) {
    const outside = best + step * width
    if (!isInside(outside)) return borderOf(best, outside, isInside)
  }
  return step * Infinity
}

/** Outcomes so far, after every row. */
function running(rows: ArmsOptions['rows'], theta: readonly number[]): number[][] {
  if (!theta.every((share) => share > 0) || Math.abs(theta.reduce((sum, share) => sum + share, 0) - 1) > 1e-9) {
    throw new RangeError(`shares of arms have to be positive and sum to 1, not ${theta.join(' + ')}`)
  }
  let counts = theta.map(() => 0)
  return rows.map((row) => {
    if (row.length !== theta.length || !row.every(isCount)) {
      throw new RangeError(`a row has to be ${theta.length} non-negative integers, not [${row.join(', ')}]`)
    }
    counts = counts.map((count, arm) => count + (row[arm] ?? 0))
    return counts
  })
}

function lnMixture(counts: number[], theta: readonly number[], k: number): number {
  const prior = theta.map((share) => k * share)
  return lnBeta(prior.map((weight, arm) => weight + (counts[arm] ?? 0))) - lnBeta(prior)
}

const lnLikelihood = (counts: number[], theta: readonly number[]): number =>
  counts.reduce((sum, count, arm) => sum + timesLn(count, theta[arm] ?? 1), 0)

const timesLn = (times: number, value: number): number => (times === 0 ? 0 : times * Math.log(value))
