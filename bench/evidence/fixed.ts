import type { Cell, Row } from '../../analysis/index.ts'
import { binomial, normal, poisson, type Random } from '../../analysis/draw/index.ts'
import { weather, type Climate } from './weather.ts'

/** Seconds. */
export const INTERVAL = 15

/** Percent, so many rows each. */
export type Schedule = { weights: number[]; rowsEach: number }

/** Four times ten minutes. */
export const S1_STEPS: Schedule = { weights: [5, 10, 25, 50], rowsEach: 40 }
/** Five times one minute. */
export const HASTY: Schedule = { weights: [10, 20, 30, 40, 50], rowsEach: 4 }

export const rowsOf = ({ weights, rowsEach }: Schedule): number => weights.length * rowsEach

export type FixedWorld = {
  /** Requests per second of both arms. */
  rps: number
  /** The baseline's mean bad share, and how many times that the canary has, from row `onset` on; ∞ fails everything. */
  share: number
  ratio: number
  onset?: number
  schedule: Schedule
  climate: Climate
  violation?: Violation
}

/** What breaks the assumption that requests fail one by one, at random, and alike on both arms. */
export type Violation =
  /** Every bad request is counted so many times. */
  | { kind: 'retries'; times: number }
  /** Bad requests come in bursts of geometric size with this mean, each on one arm. */
  | { kind: 'bursts'; mean: number }
  /** The canary's node makes its bad share differ by a log-normal factor, the same for the whole release. */
  | { kind: 'slowNode'; deviation: number }

export type FixedRelease = {
  rows: Row[]
  /** Requests and bad ones of a part of stable as large as the canary, per row. */
  twin: [n: number, x: number][]
}

/** S1 of analysis.md 13: a canary on fixed steps. */
export function fixedRelease(random: Random, world: FixedWorld): FixedRelease {
  const { rps, share, ratio, onset = 0, schedule, climate, violation } = world
  const sky = weather(random, climate)
  const node = violation?.kind === 'slowNode' ? Math.exp(violation.deviation * normal(random)) : 1
  const arm = (mean: number, bad: number): [number, number] => {
    const n = poisson(random, mean)
    return spoilt(random, n, Math.min(1, bad), violation)
  }
  const release: FixedRelease = { rows: [], twin: [] }
  for (let index = 0; index < rowsOf(schedule); index++) {
    const { errors, traffic } = sky.next().value
    const slot = Math.floor(index / schedule.rowsEach)
    const weight = schedule.weights[slot] ?? 0
    const requests = (rps * traffic * INTERVAL * weight) / 100
    const bad = share * errors
    const [nc, xc] = arm(requests, bad * node * (index >= onset ? ratio : 1))
    const [nb, xb] = arm(rps * traffic * INTERVAL - requests, bad)
    release.rows.push(rowOf({ index, slot, weight, errors: [nc, nb, xc, xb] }))
    release.twin.push(arm(requests, bad))
  }
  return release
}

export type Place = { index: number; slot: number; weight: number }

export const rowOf = ({ index, slot, weight, errors }: Place & { errors: Cell }): Row => ({
  ...spanOf({ index, slot, weight }),
  cells: { errors },
})

export const spanOf = ({ index, slot, weight }: Place): Omit<Row, 'cells'> => ({
  t0: index * INTERVAL,
  t1: (index + 1) * INTERVAL,
  weight,
  slot,
  ready: 1,
})

/** Requests of an arm and the bad ones among them, as they are counted. */
function spoilt(random: Random, n: number, share: number, violation: Violation | undefined): [number, number] {
  if (violation?.kind === 'bursts') return [n, Math.min(n, inBursts(random, n, share, violation.mean))]
  const x = binomial(random, n, share)
  return violation?.kind === 'retries' ? [n + x * (violation.times - 1), x * violation.times] : [n, x]
}

function inBursts(random: Random, n: number, share: number, mean: number): number {
  let sum = 0
  for (let left = binomial(random, n, share / mean); left > 0; left--) {
    sum += 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-1 / mean))
  }
  return sum
}
