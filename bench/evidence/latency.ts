import type { Cell } from '../../analysis/index.ts'
import { multinomial, poisson, type Random } from '../../analysis/draw/index.ts'
import { latencyKey, openEvidence } from '../../analysis/evidence.ts'
import { density, middleHalf } from '../../analysis/normal.ts'
import type { Policy } from '../../crds/policy.ts'
import { INTERVAL, rowsOf, S1_STEPS, spanOf } from './fixed.ts'
import { policyOf } from './policy.ts'
import { autoregression } from './weather.ts'

export type LatencyWorld = {
  rps: number
  /** The canary's median is so many times the baseline's, and this share of its requests takes a second more. */
  slower: number
  stalled: number
}

/** Milliseconds. */
const MEDIAN = 40
const SIGMA = 0.8
const DRIFT = 0.15
const STALL = 1_000
/** Where one request in ten thousand to nineteen in twenty are slower, and two above. */
const BOUNDARIES = [25, 50, 100, 250, 500, 1_000, 2_500]

const latencyPolicy = (rho0: number): Policy => ({
  ...policyOf({ slots: 4 }),
  latencyToleratedRatio: rho0,
  metrics: [{ name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: BOUNDARIES }],
})

/** Row after which each ρ0 rolls back, ω = 1: the shipped evidence, averaged over the boundaries. */
export function slownessFound(random: Random, world: LatencyWorld, rhos: number[]): Record<string, number | undefined> {
  const drift = autoregression(random, DRIFT)
  const judges = rhos.map((rho0) => ({
    rho0,
    evidence: openEvidence(latencyPolicy(rho0), []),
    stop: undefined as number | undefined,
  }))
  for (let index = 0; index < rowsOf(S1_STEPS); index++) {
    const slot = Math.floor(index / S1_STEPS.rowsEach)
    const weight = S1_STEPS.weights[slot] ?? 0
    const median = MEDIAN * Math.exp(drift())
    const canary = slowerOf(random, (world.rps * INTERVAL * weight) / 100, median * world.slower, world.stalled)
    const baseline = slowerOf(random, world.rps * INTERVAL * (1 - weight / 100), median, 0)
    const cells = BOUNDARIES.map((ms, j): [string, Cell] => [
      latencyKey('latency', ms),
      [canary.n, baseline.n, canary.slower[j] ?? 0, baseline.slower[j] ?? 0],
    ])
    const row = { ...spanOf({ index, slot, weight }), cells: Object.fromEntries(cells) }
    const open = judges.filter(({ stop }) => stop === undefined)
    if (open.length === 0) break
    for (const judge of open) {
      judge.evidence.take(row, index, false)
      if (judge.evidence.reaches(-Math.log(0.01))) judge.stop = index
    }
  }
  return Object.fromEntries(judges.map(({ rho0, stop }) => [`rho0 ${rho0}`, stop]))
}

function slowerOf(random: Random, mean: number, median: number, stalled: number): { n: number; slower: number[] } {
  const n = poisson(random, mean)
  const beyond = BOUNDARIES.map((ms) => {
    const stall = ms > STALL ? tail(Math.log((ms - STALL) / median) / SIGMA) : 1
    return (1 - stalled) * tail(Math.log(ms / median) / SIGMA) + stalled * stall
  })
  const shares = [1, ...beyond].map((share, j) => share - (beyond[j] ?? 0))
  const classes = multinomial(
    random,
    n,
    shares.map((share) => Math.max(0, share)),
  )
  const slower: number[] = []
  for (let j = BOUNDARIES.length, sum = 0; j > 0; j--) slower[j - 1] = sum += classes[j] ?? 0
  return { n, slower }
}

/** P(Z > z), to 1e-12 of itself: beyond the middle by Laplace's continued fraction. */
function tail(z: number): number {
  if (z < 0) return 1 - tail(-z)
  if (z <= 3) return 0.5 - middleHalf(z)
  let below = z
  for (let k = 60; k > 0; k--) below = z + k / below
  return density(z) / below
}
