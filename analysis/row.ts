import { assertCell, isCount } from './cell.ts'
import type { Row } from './ledger.ts'

/** So many cells and pods a row has at most. */
export const MOST_CELLS = 60
export const MOST_PODS = 10

/** Rows that fast path, budget and the sizes of steps may look at; evidence leaves out those of the warm-up, too. */
export const counts = ({ flag }: Pick<Row, 'flag'>): boolean => flag === undefined || flag === 'warmup'

/** Somebody may notice when the canary's pods are gone. */
export const isUsed = ({ weight, beside }: Pick<Row, 'weight' | 'beside'>): boolean => weight > 0 || beside === true

/** Throws RangeError with the reason. `before` is the row that precedes it. */
export function assertRow(row: Row, before: Row | undefined): void {
  const name = `the row that ends at ${row.t1}`
  const refuse = (why: string): never => {
    throw new RangeError(`${name} ${why}`)
  }
  if (!(row.t1 > row.t0)) refuse(`begins at ${row.t0}`)
  if (before && row.t0 < before.t1) refuse(`begins at ${row.t0}, before the end of the last one, ${before.t1}`)
  if (!(row.weight >= 0 && row.weight <= 100)) refuse(`has weight ${row.weight}`)
  if (!Number.isInteger(row.slot) || row.slot < (before?.slot ?? 0)) refuse(`has slot ${row.slot}`)
  if (!Number.isInteger(row.ready) || row.ready < 0) refuse(`has ${row.ready} ready pods`)
  for (const [key, cell] of Object.entries(row.cells)) assertCell(cell, `${key} in ${name}`)
  if (
    !Object.values(row.users ?? {})
      .flat()
      .every(isCount)
  )
    refuse('counts users that are no integers')
}
