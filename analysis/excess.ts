import { assertCell, type Cell, type Cells } from './cell.ts'

/** `S`: canary bad events beyond the expected ones; `V`: their variance; `expected`: bad events at the baseline's share. */
export type Excess = { S: number; V: number; expected: number }

/** Analysis.md 4, check 3: sums over the rows in which both arms had requests. Throws RangeError for cells that are no counts. */
export function excess({ rows }: { rows: Cells }): Excess {
  return rows.reduce<Excess>((sum, cell) => {
    assertCell(cell)
    return plus(sum, cell)
  }, NO_EXCESS)
}

export const NO_EXCESS: Excess = { S: 0, V: 0, expected: 0 }

/** The sums with one more row. */
export function plus(sum: Excess, [nc, nb, xc, xb]: Readonly<Cell>): Excess {
  if (nc === 0 || nb === 0) return sum
  const expected = (nc * xb) / nb
  return {
    S: sum.S + xc - expected,
    V: sum.V + expected * (1 + nc / nb),
    expected: sum.expected + expected,
  }
}
