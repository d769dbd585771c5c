import { assertCell, type Cell, type Cells } from './cell.ts'

/** `S`: canary bad events beyond the expected ones; `V`: their variance; `expected`: bad events at the baseline's share. */
export type Excess = { S: number; V: number; expected: number }

/** Analysis.md 4, check 3: sums over the rows in which both arms had requests. Throws RangeError for cells that are no counts. */
export function excess({ rows }: { rows: Cells }): Excess {
  const sum = { ...NO_EXCESS }
  for (const cell of rows) {
    assertCell(cell)
    include(sum, cell)
  }
  return sum
}

export const NO_EXCESS: Readonly<Excess> = { S: 0, V: 0, expected: 0 }

/**
 * In a bake stable is the small arm, and its few bad events say little about their own variance: none yet would make
 * the budget certain (one identical version of twelve was rolled back). There the variance is that of dealing out all
 * bad events at random, given their number.
 */
export const FAR_MORE = 2

/** Adds one more row to the sums. */
export function include(sum: Excess, [nc, nb, xc, xb]: Readonly<Cell>): void {
  if (nc === 0 || nb === 0) return
  const expected = (nc * xb) / nb
  sum.S += xc - expected
  sum.V += nc > nb * FAR_MORE ? (xc + xb) * (nc / nb) : expected * (1 + nc / nb)
  sum.expected += expected
}
