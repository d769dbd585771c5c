import { isCount } from './cell.ts'
import { grid, logSumExp } from './grid.ts'

/** Requests of canary and baseline in one row, and the canary's share that was in force, between 0 and 1. */
export type SplitRow = [nc: number, nb: number, w: number]

/** The alternatives: `k` log-spaced odds from 1.05ρ to 20ρ; below ρ a deviation is tolerated. */
export type SplitHypothesis = { rho: number; k: number }

/** Evidence that the traffic does not follow its weights, as it grows. */
export type SplitProcess = {
  add(row: Readonly<SplitRow>): void
  lnE(): number
}

/**
 * ln E after the last row: `E ≥ 1000` says that the split does not match its weights, in either direction. Analysis.md
 * 3.6: the average of the test for too many canary requests and of its mirror. Throws RangeError for rows that are no
 * counts, for weights outside (0, 1), and for ρ < 1.
 */
export function splitCheck({ rows, ...hypothesis }: SplitHypothesis & { rows: readonly Readonly<SplitRow>[] }): number {
  const process = openSplit(hypothesis)
  for (const row of rows) process.add(row)
  return process.lnE()
}

/** The process of `splitCheck`; throws likewise. */
export function openSplit({ rho, k }: SplitHypothesis): SplitProcess {
  if (!(rho >= 1)) throw new RangeError(`rho has to be at least 1, not ${rho}`)
  const ratios = Float64Array.from(grid(1.05 * rho, 20 * rho, k))
  const gains = ratios.map((r) => Math.log(r / rho))
  const products = new Float64Array(2 * k)
  return {
    add([nc, nb, w]) {
      assertRow(nc, nb, w)
      const total = nc + nb
      const reference = Math.log1p(w * (rho - 1))
      const mirrored = Math.log1p((1 - w) * (rho - 1))
      for (let i = 0; i < k; i++) {
        const more = (ratios[i] ?? 1) - 1
        const gain = gains[i] ?? 0
        products[i] = (products[i] ?? 0) + nc * gain + total * (reference - Math.log1p(w * more))
        products[k + i] = (products[k + i] ?? 0) + nb * gain + total * (mirrored - Math.log1p((1 - w) * more))
      }
    },
    lnE: () => logSumExp(products) - Math.log(products.length),
  }
}

function assertRow(nc: number, nb: number, w: number): void {
  if (!isCount(nc) || !isCount(nb)) {
    throw new RangeError(`requests have to be non-negative integers, not ${nc} and ${nb}`)
  }
  if (!(w > 0 && w < 1)) throw new RangeError(`a weight has to lie between 0 and 1, not ${w}`)
}
