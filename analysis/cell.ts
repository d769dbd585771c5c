/** Requests and bad events of one interval: canary and baseline. Non-negative integers, x ≤ n. */
export type Cell = [nc: number, nb: number, xc: number, xb: number]

export type Cells = readonly Readonly<Cell>[]

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** Throws unless all four are non-negative integers and no arm has more bad events than requests. */
export function assertCell(cell: Readonly<Cell>, where = 'a cell'): void {
  const [nc, nb, xc, xb] = cell
  if (!(isCount(nc) && isCount(nb) && isCount(xc) && isCount(xb))) {
    throw new RangeError(`${where} has to be four non-negative integers, not [${cell.join(', ')}]`)
  }
  if (xc > nc || xb > nb) {
    throw new RangeError(`${where} counts more bad events than requests: [${cell.join(', ')}]`)
  }
}

/** Throws unless `x` bad events can be part of `n` requests. */
export function assertArm(x: number, n: number): void {
  if (!(isCount(x) && isCount(n) && x <= n)) {
    throw new RangeError(`x bad events of n requests have to be integers with 0 ≤ x ≤ n, not ${x} and ${n}`)
  }
}

/** Both arms had requests and something was bad: only such a cell can change evidence. */
export const speaks = ([nc, nb, xc, xb]: Readonly<Cell>): boolean => nc > 0 && nb > 0 && xc + xb > 0

export function totalOf(cells: Cells): Cell {
  const total: Cell = [0, 0, 0, 0]
  for (const [nc, nb, xc, xb] of cells) {
    total[0] += nc
    total[1] += nb
    total[2] += xc
    total[3] += xb
  }
  return total
}
