import type { Cell } from './cell.ts'
import { fitted } from './fit.ts'
import type { Ledger, Row } from './ledger.ts'
import { assertRow, MOST_CELLS, MOST_PODS } from './row.ts'
import { isOpen } from './span.ts'

const MOST_CLASSES = 20
const MOST_MISSING_CHARS = 200

/**
 * The ledger with one row more; counts of rows that are closed are never changed. In a long ledger the row may be joined
 * to the open one at the end (analysis.md 1), the oldest rows lose pods and classes, and of one that would not fit into
 * its object the oldest rows go. Throws RangeError for a row that lies before the end, for a slot that falls and for
 * counts that are none.
 */
export function appendRow(ledger: Ledger, row: Row): Ledger {
  const bounded = boundedRow(row)
  const last = ledger.rows.at(-1)
  assertRow(bounded, last)
  if (last && isOpen(ledger, ledger.rows.length - 1) && belongsTo(last, bounded)) {
    return { ...ledger, rows: [...ledger.rows.slice(0, -1), joined(last, bounded)] }
  }
  return fitted({ ...ledger, rows: [...ledger.rows, bounded] })
}

function boundedRow(row: Row): Row {
  if (Object.keys(row.cells).length > MOST_CELLS) {
    throw new RangeError(`the row that ends at ${row.t1} has more than ${MOST_CELLS} cells`)
  }
  return {
    ...row,
    ...(row.pods ? { pods: largest(row.pods, MOST_PODS, ([, x]) => x) } : {}),
    ...(row.classes ? { classes: largest(row.classes, MOST_CLASSES, ([c, b]) => c + b) } : {}),
    ...(row.missing === undefined ? {} : { missing: row.missing.slice(0, MOST_MISSING_CHARS) }),
  }
}

const belongsTo = (open: Row, next: Row): boolean =>
  open.t1 === next.t0 &&
  open.slot === next.slot &&
  open.weight === next.weight &&
  open.flag === next.flag &&
  open.flag !== 'retreat' &&
  !open.crash &&
  !next.crash &&
  namesOf(open.cells) === namesOf(next.cells) &&
  namesOf(open.users) === namesOf(next.users)

const namesOf = (cells: Record<string, Cell> = {}): string => Object.keys(cells).sort().join()

function joined(open: Row, next: Row): Row {
  return boundedRow({
    ...next,
    t0: open.t0,
    ...(open.replaced ? { replaced: true } : {}),
    ...(open.tooManySeries ? { tooManySeries: true } : {}),
    cells: added(open.cells, next.cells),
    ...((open.users ?? next.users) ? { users: added(open.users, next.users) } : {}),
    ...((open.pods ?? next.pods) ? { pods: summed(open.pods, next.pods) } : {}),
    ...((open.classes ?? next.classes) ? { classes: summed(open.classes, next.classes) } : {}),
  })
}

function added(one: Record<string, Cell> = {}, other: Record<string, Cell> = {}): Record<string, Cell> {
  const sum = { ...one }
  for (const [key, [nc, nb, xc, xb]] of Object.entries(other)) {
    const [c, b, yc, yb] = sum[key] ?? [0, 0, 0, 0]
    sum[key] = [c + nc, b + nb, yc + xc, yb + xb]
  }
  return sum
}

type Pairs = Record<string, [number, number]>

function summed(one: Pairs = {}, other: Pairs = {}): Pairs {
  const sum: Pairs = { ...one }
  for (const [key, [a, b]] of Object.entries(other)) sum[key] = [(sum[key]?.[0] ?? 0) + a, (sum[key]?.[1] ?? 0) + b]
  return sum
}

/** Largest first; equal ones by name, so that the choice is the same everywhere. */
function largest(pairs: Pairs, most: number, size: (pair: [number, number]) => number): Pairs {
  const sorted = Object.entries(pairs).sort(([a, one], [b, other]) => size(other) - size(one) || (a < b ? -1 : 1))
  return Object.fromEntries(sorted.slice(0, most))
}
