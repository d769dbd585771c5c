import { assertCell, speaks, type Cell } from './cell.ts'
import { grid } from './grid.ts'
import { openSlots } from './slots.ts'

export type Hypothesis = {
  /** The ratio of bad shares that the null tolerates: `rate_c ≤ ρ0·rate_b`. With a grid below it the null is `≥`. */
  rho0: number
  /** Alternatives r: `k` log-spaced points on [lo, hi]. */
  lo: number
  hi: number
  k: number
  /** Tempering for bursts: bad events count 1/φ. Default 1. */
  phi?: number
}

/** Evidence as it grows row by row. Adding is cheap; asking costs an `exp` for every point that still matters. */
export type Process = {
  /** The next row is the first of a further slot; nothing once all are used. Before the first one rows say nothing. */
  restart(): void
  add(cell: Readonly<Cell>): void
  lnE(): number
  /** `lnE() ≥ threshold`, most often without computing it. */
  reaches(threshold: number): boolean
  /** ln E of every slot that has begun, oldest first. */
  slots(): number[]
  /** ln E if this were the next row. */
  after(cell: Readonly<Cell>): number
  /** ln E of every slot then. */
  slotsAfter(cell: Readonly<Cell>): number[]
  /** Slots that have begun count 1 from now on. */
  forget(): void
  /** As if just opened. */
  clear(): void
}

/** The e-process of `harm` with room for `slots` restarts. Throws RangeError for bad parameters. */
export function openProcess(hypothesis: Hypothesis, slots: number): Process {
  if (!Number.isInteger(slots) || slots < 1) throw new RangeError(`at least one slot is needed, not ${slots}`)
  const step = stepOf(hypothesis)
  const factors = new Float64Array(hypothesis.k)
  const mixture = openSlots(slots, hypothesis.k)
  return {
    restart: mixture.begin,
    add(cell) {
      assertCell(cell)
      if (!speaks(cell)) return
      step(cell, factors)
      mixture.multiply(factors)
    },
    lnE: mixture.lnE,
    reaches: mixture.reaches,
    slots: mixture.lnSlots,
    after(cell) {
      if (!speaks(cell)) return mixture.lnE()
      step(cell, factors)
      return mixture.lnAfter(factors)
    },
    slotsAfter(cell) {
      if (!speaks(cell)) return mixture.lnSlots()
      step(cell, factors)
      return mixture.lnSlotsAfter(factors)
    },
    forget: mixture.forget,
    clear: mixture.clear,
  }
}

/** Puts ln e_i(r) of every r into `result`. `log1p` loses digits near −1, where the other form has them. */
function stepOf({ rho0, lo, hi, k, phi = 1 }: Hypothesis): (cell: Readonly<Cell>, result: Float64Array) => void {
  const ratios = Float64Array.from(grid(lo, hi, k))
  if (!(rho0 > 0)) throw new RangeError(`rho0 has to be positive, not ${rho0}`)
  if (!(phi >= 1)) throw new RangeError(`phi has to be at least 1, not ${phi}`)
  const gains = ratios.map((r) => Math.log(r / rho0))
  return ([nc, nb, xc, xb], result) => {
    const n = nc + nb
    const s = nc / n
    const x = xc + xb
    const reference = s * (rho0 - 1) < -0.5 ? Math.log((nb + nc * rho0) / n) : Math.log1p(s * (rho0 - 1))
    for (let i = 0; i < ratios.length; i++) {
      const r = ratios[i] ?? 1
      const shift = s * (r - 1)
      const bracket = shift < -0.5 ? Math.log((nb + nc * r) / n) : Math.log1p(shift)
      result[i] = (xc * (gains[i] ?? 0) + x * (reference - bracket)) / phi
    }
  }
}
