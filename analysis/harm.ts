import type { Cells } from './cell.ts'
import { openProcess, type Hypothesis } from './process.ts'

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

export type NonInferiorityOptions = Omit<Hypothesis, 'rho0'> & {
  rows: Cells
  /** The ratio of bad shares that must not be reached: `rate_c ≥ ρ·rate_b` is the null. The grid lies below it. */
  rho: number
}

/**
 * ln E after every row, natural logarithm: `E ≥ 1/β` rejects "at least ρ times as bad" at level β. Analysis.md 3.3:
 * only rows at one weight belong together. Throws RangeError for cells that are no counts, and for bad parameters.
 */
export function nonInferiority({ rows, rho, ...grid }: NonInferiorityOptions): number[] {
  if (!(grid.hi < rho)) throw new RangeError(`the grid has to lie below rho ${rho}, but reaches ${grid.hi}`)
  return harm({ rows, rho0: rho, ...grid })
}

/** How near to 1 a ratio counts as 1: it would only thin the evidence. */
const SAME = 1e-9

/**
 * ln E after every row, natural logarithm: `E ≥ 1/α` rejects "both arms are alike" at level α, whichever is worse.
 * Analysis.md 9. Throws RangeError for cells that are no counts, for a grid on one side of 1 only, and for one that
 * has a point at 1.
 */
export function twoSided({ rows, ...alternatives }: Omit<Hypothesis, 'rho0'> & { rows: Cells }): number[] {
  const { lo, hi, k } = alternatives
  if (!(lo < 1 && hi > 1)) throw new RangeError(`a two-sided grid needs lo < 1 < hi, not ${lo} and ${hi}`)
  const place = (-Math.log(lo) / Math.log(hi / lo)) * (k - 1)
  if (Math.abs(place - Math.round(place)) < SAME)
    throw new RangeError(`the grid has a point at 1: take another k than ${k}`)
  return harm({ rows, rho0: 1, ...alternatives })
}
