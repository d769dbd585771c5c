import type { Metric, Policy } from '../../crds/policy.ts'
import type { Cell } from '../cell.ts'
import { binomial, hypergeometric, multivariateHypergeometric, type Random } from '../draw/index.ts'
import { latencyKey } from '../evidence.ts'
import type { Harm, Target } from './harm.ts'
import { slowerThan, type History, type Moment } from './history.ts'

/** Chance of one replay, a stream for each purpose: harm leaves everything else as it was. */
export type Chance = { parts: Random; arms: Random; harm: Random }

/** A replay's rows are so many equal parts of a step, or so many whole steps. */
export type Grain = { seconds: number; partsPerStep: number; stepsPerPart: number }

/** Rows as near to `interval` (seconds) as steps can be divided or put together. */
export function grainOf({ step }: Pick<History, 'step'>, interval: number): Grain {
  if (interval > step) {
    const stepsPerPart = Math.round(interval / step)
    return { seconds: step * stepsPerPart, partsPerStep: 1, stepsPerPart }
  }
  const partsPerStep = Math.round(step / interval)
  return { seconds: step / partsPerStep, partsPerStep, stepsPerPart: 1 }
}

/**
 * History from one step on, row by row, round and round. A step is divided at random, without putting back: no event is
 * invented or lost.
 */
export function* partsOf(history: History, start: number, grain: Grain, random: Random): Generator<Moment | undefined> {
  const { moments } = history
  for (let place = start; ; place += grain.stepsPerPart) {
    const steps = Array.from({ length: grain.stepsPerPart }, (_, i) => moments[(place + i) % moments.length])
    const moment = together(steps)
    if (grain.partsPerStep === 1) yield moment
    else yield* divided(moment, grain.partsPerStep, random)
  }
}

/** Undefined as soon as one of them is: a row with a gap has no data. */
export function together(moments: (Moment | undefined)[]): Moment | undefined {
  const [first] = moments
  if (moments.length === 1 || !first) return first
  const sum: Moment = { n: 0, x: 0, classes: first.classes.map(() => 0) }
  for (const moment of moments) {
    if (!moment) return undefined
    sum.n += moment.n
    sum.x += moment.x
    moment.classes.forEach((count, j) => (sum.classes[j] = (sum.classes[j] ?? 0) + count))
  }
  return sum
}

function* divided(moment: Moment | undefined, parts: number, random: Random): Generator<Moment | undefined> {
  let rest = moment
  for (let left = parts; left > 1; left--) {
    const part = rest && taken(rest, 1 / left, random)
    yield part
    rest = rest && part && less(rest, part)
  }
  yield rest
}

/** A random part of the requests with everything that happened to them. */
function taken({ n, x, classes }: Moment, share: number, random: Random): Moment {
  const drawn = binomial(random, n, share)
  const total = classes.reduce((sum, count) => sum + count, 0)
  const timed = total === n ? drawn : binomial(random, total, share)
  return {
    n: drawn,
    x: hypergeometric(random, n, x, drawn),
    classes: classes.length === 0 ? [] : multivariateHypergeometric(random, classes, timed),
  }
}

const less = (whole: Moment, part: Moment): Moment => ({
  n: whole.n - part.n,
  x: whole.x - part.x,
  classes: whole.classes.map((count, j) => count - (part.classes[j] ?? 0)),
})

export type CellsOptions = { policy: Policy; history: History; target: Target; harm: Harm; chance: Chance }

/**
 * Cells of a row in which the canary had `weight` percent: an exact A/A (analysis.md 8), then the harm. Own counters
 * cannot be replayed; they are there and say nothing.
 */
export function openCells(options: CellsOptions): (moment: Moment, weight: number) => Record<string, Cell> {
  const { policy, history, target, harm, chance } = options
  const columns = policy.metrics.flatMap((metric) => columnsOf(metric, history))
  const border = target.boundary === undefined ? undefined : history.boundaries.indexOf(target.boundary)
  return (moment, weight) => {
    const canary = taken(moment, weight / 100, chance.arms)
    const baseline = less(moment, canary)
    if (harm.share > 0) worsen(canary, border, harm.share, chance.harm)
    const slow = { canary: slowerThan(canary.classes), baseline: slowerThan(baseline.classes) }
    const timed = { canary: sum(canary.classes), baseline: sum(baseline.classes) }
    return Object.fromEntries(
      columns.map(([key, place]): [string, Cell] => {
        if (place === 'requests') return [key, [canary.n, baseline.n, canary.x, baseline.x]]
        if (place === 'silent') return [key, [1, 1, 0, 0]]
        return [key, [timed.canary, timed.baseline, slow.canary[place] ?? 0, slow.baseline[place] ?? 0]]
      }),
    )
  }
}

type Column = [key: string, place: 'requests' | 'silent' | number]

function columnsOf(metric: Metric, { boundaries }: History): Column[] {
  if (metric.kind === 'requests') return [[metric.name, 'requests']]
  if (metric.kind === 'counters') return [[metric.name, 'silent']]
  if (metric.kind === 'gauge' || metric.kind === 'conversion') return []
  return (metric.boundariesMs ?? []).map((ms) => [latencyKey(metric.name, ms), boundaries.indexOf(ms)])
}

/** Good requests turn bad; of latency those that were quick enough move just above the border. */
function worsen(canary: Moment, border: number | undefined, share: number, random: Random): void {
  if (border === undefined) {
    canary.x += binomial(random, canary.n - canary.x, share)
    return
  }
  for (let j = 0; j <= border; j++) {
    const quick = canary.classes[j] ?? 0
    const moved = binomial(random, quick, share)
    canary.classes[j] = quick - moved
    canary.classes[border + 1] = (canary.classes[border + 1] ?? 0) + moved
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
