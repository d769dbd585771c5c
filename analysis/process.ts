import { assertCell, speaks, type Cell } from './cell.ts'
import { grid, logSumExp } from './grid.ts'

export type Hypothesis = {
  /** The ratio of bad shares that the null tolerates: `rate_c ≤ ρ0·rate_b`; with a grid below it, `rate_c ≥ ρ0·rate_b`. */
  rho0: number
  /** Alternatives r: `k` log-spaced points on [lo, hi]. */
  lo: number
  hi: number
  k: number
  /** Tempering for bursts: bad events count 1/φ. Default 1. */
  phi?: number
}

/** Evidence as it grows row by row. Adding is cheap; asking costs one `exp` per point that still matters. */
export type Process = {
  /** The next row is the first of a further slot; nothing once all are used. Before the first, rows say nothing. */
  restart(): void
  add(cell: Readonly<Cell>): void
  lnE(): number
  /** `lnE() ≥ threshold`; where that is plain from the largest point, without the sum. */
  reaches(threshold: number): boolean
  /** ln E of every slot that has begun, oldest first. */
  slots(): number[]
  /** ln E if this were the next row. */
  after(cell: Readonly<Cell>): number
  /** Slots that have begun count 1 from now on. */
  forget(): void
  /** As new: no slot has begun. */
  clear(): void
}

/** The e-process of `harm`, with room for `slots` restarts. Throws RangeError for bad parameters. */
export function openProcess(hypothesis: Hypothesis, slots: number): Process {
  if (!Number.isInteger(slots) || slots < 1) throw new RangeError(`at least one slot is needed, not ${slots}`)
  const step = stepOf(hypothesis)
  const k = step.length
  const products = Array.from({ length: slots }, () => new Float64Array(k))
  const lnSlots = new Float64Array(slots)
  const factor = new Float64Array(k)
  const scratch = new Float64Array(k)
  const lnSlotsAfter = new Float64Array(slots)
  let oldest = 0
  let begun = 0
  let isStale = false
  …
}
