import { packedChars } from './codec.ts'
import type { Ledger, Row } from './ledger.ts'
import { GENERATION } from './span.ts'

/** Pods and classes are kept for so many rows: they explain, and no verdict comes from them. */
const EXPLAINED = 2 * GENERATION
/** Measuring costs more than appending: it is done every so many rows, and not where nothing can be too large. */
const MEASURED_ROWS = 32
const SMALL_ENTRIES = 8_000
/** Leaves room for the rows until it is measured again. */
const MOST_CHARS = 200_000

/** The ledger as it fits into its object: first what only explained goes, then the oldest rows, and `cut` says how many. */
export function fitted(ledger: Ledger): Ledger {
  const oldest = ledger.rows.at(-1 - EXPLAINED)
  let fit = oldest ? { ...ledger, rows: ledger.rows.with(-1 - EXPLAINED, bare(oldest)) } : ledger
  if (fit.rows.length % MEASURED_ROWS !== 0 || fit.rows.reduce((sum, row) => sum + entriesOf(row), 0) < SMALL_ENTRIES) {
    return fit
  }
  while (packedChars(fit) > MOST_CHARS) fit = smaller(fit)
  return fit
}

function smaller(ledger: Ledger): Ledger {
  const { rows, cut = 0 } = ledger
  const telling = rows.flatMap((row, index) => (isTelling(row) ? [index] : []))
  // The last rows keep what explains them.
  if (telling.length > MEASURED_ROWS) {
    const until = telling[Math.floor(telling.length / 2)] ?? 0
    return { ...ledger, rows: rows.map((row, index) => (index < until ? bare(row) : row)) }
  }
  const gone = Math.ceil(rows.length / 4)
  return { ...ledger, cut: cut + gone, rows: rows.slice(gone) }
}

const bare = ({ pods: _pods, classes: _classes, missing: _missing, ...row }: Row): Row => row

const isTelling = ({ pods, classes, missing }: Row): boolean =>
  pods !== undefined || classes !== undefined || missing !== undefined

/** Roughly ten characters each when packed. */
function entriesOf({ cells, pods = {}, classes = {}, missing = '' }: Row): number {
  const keys = Object.keys(cells).length + Object.keys(pods).length + Object.keys(classes).length
  return 1 + keys + Math.ceil(missing.length / 10)
}
