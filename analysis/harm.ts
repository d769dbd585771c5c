import { assertCell, speaks, type Cell, type Cells } from './cell.ts'
import { grid, logSumExp } from './grid.ts'

export type Hypothesis = {
  /** The ratio of bad shares that the null tolerates: `rate_c ≤ ρ0·rate_b`. */
  rho0: number
  /** Alternatives r: `k` log-spaced points on [lo, hi]. Below ρ0 the same formula tests for non-inferiority. */
  lo: number
  hi: number
  k: number
  /** Tempering for bursts: bad events count 1/φ. Default 1. */
  phi?: number
}

export type HarmOptions = Hypothesis & {
  rows: Cells
  /** 0-based rows at which a restart slot begins, ascending. Default `[0]`. */
  starts?: number[]
  /** J, the divisor of the restart mixture; slots that have not begun count 1. Default: one per start. */
  slots?: number
}

/**
 * ln E after every row, natural logarithm. The split-conditional e-process of analysis.md 3.1 (Hoeffding 1963, Ville
 * 1939) with the restart mixture of 3.2: `E ≥ 1/α` at any time rejects "no worse than ρ0 times" at level α. Starts
 * beyond `slots` begin nothing. Throws RangeError for cells that are no counts, and for bad parameters.
 */
export function harm({ rows, starts = [0], slots = starts.length, ...hypothesis }: HarmOptions): number[] {
  const process = openProcess(hypothesis, slots)
  const begins = new Set(starts)
  return rows.map((cell, index) => {
    if (begins.has(index)) process.restart()
    process.add(cell)
    return process.lnE()
  })
}

/** Evidence as it grows row by row. */
export type Process = {
  /** The next row is the first of a further slot; nothing once all are used. */
  restart(): void
  add(cell: Readonly<Cell>): void
  lnE(): number
  /** ln E of every slot that has begun, oldest first. */
  slots(): number[]
  /** ln E if this were the next row. */
  after(cell: Readonly<Cell>): number
}

export function openProcess(hypothesis: Hypothesis, slots: number): Process {
  if (!Number.isInteger(slots) || slots < 1) throw new RangeError(`at least one slot is needed, not ${slots}`)
  const ratios = grid(hypothesis.lo, hypothesis.hi, hypothesis.k)
  const factor = stepOf(hypothesis, ratios)
  const products: Float64Array[] = []
  let known: number[] = []
  const scratch = new Float64Array(ratios.length)
  const mixture = (lnSlots: number[]): number => {
    const waiting = Array.from({ length: slots - lnSlots.length }, () => 0)
    return logSumExp([...lnSlots, ...waiting]) - Math.log(slots)
  }
  return {
    restart() {
      if (products.length === slots) return
      products.push(new Float64Array(ratios.length))
      known.push(0)
    },
    add(cell) {
      assertCell(cell)
      if (!speaks(cell)) return
      const step = factor(cell)
      known = products.map((product) => multiply(product, step, product))
    },
    lnE: () => mixture(known),
    slots: () => [...known],
    after(cell) {
      if (!speaks(cell)) return mixture(known)
      const step = factor(cell)
      return mixture(products.map((product) => multiply(product, step, scratch)))
    },
  }
}

/** ln e_i(r) for every r. `log1p` loses digits near −1, where the other form has them. */
function stepOf({ rho0, phi = 1 }: Hypothesis, ratios: number[]): (cell: Readonly<Cell>) => Float64Array {
  if (!(rho0 > 0)) throw new RangeError(`rho0 has to be positive, not ${rho0}`)
  if (!(phi >= 1)) throw new RangeError(`phi has to be at least 1, not ${phi}`)
  const gains = ratios.map((r) => Math.log(r / rho0))
  return ([nc, nb, xc, xb]) => {
    const s = nc / (nc + nb)
    const bracket = (r: number): number =>
      s * (r - 1) < -0.5 ? Math.log((nb + nc * r) / (nc + nb)) : Math.log1p(s * (r - 1))
    const reference = bracket(rho0)
    return Float64Array.from(ratios, (r, i) => (xc * (gains[i] ?? 0) + (xc + xb) * (reference - bracket(r))) / phi)
  }
}

/** Logarithms: puts `product + step` into `result` and returns that of its average over the grid. Plain loops: the hot spot. */
function multiply(product: Float64Array, step: Float64Array, result: Float64Array): number {
  for (let i = 0; i < product.length; i++) result[i] = (product[i] ?? 0) + (step[i] ?? 0)
  return logSumExp(result) - Math.log(result.length)
}
