import { odds, type Ledger, type Row } from '../../analysis/index.ts'
import { clock, integer, table } from '../render.ts'
import { traceOf } from '../trace.ts'
import type { ReportOptions } from './report.ts'

const MOST_LINES = 24

/** The rows over time, neighbours of one weight and kind put together until a screen holds them. */
export function rowLines(ledger: Ledger, { colors }: ReportOptions): string[] {
  const spans = spansOf(ledger)
  if (spans.length === 0) return []
  const keys = [...new Set(ledger.rows.flatMap(({ cells }) => Object.keys(cells)))]
  const header = ['TIME', 'ROWS', 'WEIGHT', ...keys.map((key) => key.toUpperCase()), 'EVIDENCE', '']
  const lines = spans.map(({ rows, lnE }) => {
    const [first] = rows
    return [
      clock(new Date((first?.t0 ?? 0) * 1_000).toISOString()),
      `${rows.length}`,
      `${first?.weight ?? 0} %`,
      ...keys.map((key) => sumOf(rows, key)),
      odds(lnE),
      noteOn(rows),
    ]
  })
  return [colors.dim('Bad of requests, canary : stable'), ...table(header, lines)]
}

type Span = { rows: Row[]; lnE: number }

/** Stretches of one weight and kind; long ones are cut, so that one sees how evidence has grown. */
function spansOf(ledger: Ledger): Span[] {
  const { rows } = ledger
  const trace = traceOf(ledger)
  const kinds = new Set(rows.map(kindOf)).size
  const longest = Math.ceil(rows.length / Math.max(1, MOST_LINES - kinds))
  const spans: Span[] = []
  for (const [i, row] of rows.entries()) {
    const last = spans.at(-1)
    const lnE = trace[i] ?? 0
    const [first] = last?.rows ?? []
    if (last && first && kindOf(first) === kindOf(row) && last.rows.length < longest) {
      last.rows.push(row)
      last.lnE = lnE
    } else spans.push({ rows: [row], lnE })
  }
  return spans.slice(-MOST_LINES)
}

const kindOf = ({ slot, weight, flag, crash }: Row): string => `${slot} ${weight} ${flag ?? ''} ${crash ?? ''}`

function sumOf(rows: Row[], key: string): string {
  const cells = rows.flatMap(({ cells }) => (cells[key] ? [cells[key]] : []))
  if (cells.length === 0) return 'no data'
  const [nc, nb, xc, xb] = cells.reduce<number[]>(
    (sum, cell) => sum.map((count, i) => count + (cell[i] ?? 0)),
    [0, 0, 0, 0],
  )
  const arm = (x = 0, n = 0): string => `${integer(x)} of ${integer(n)}`
  return `${arm(xc, nc)} : ${arm(xb, nb)}`
}

function noteOn(rows: Row[]): string {
  const [first] = rows
  const missing = rows.find((row) => row.missing !== undefined)?.missing
  const notes = [first?.flag, first?.crash && 'crash', rows.some(({ replaced }) => replaced) && 'pod replaced', missing]
  return notes.filter(Boolean).join(', ')
}
