import { decodeLedger, type Row } from '../../analysis/index.ts'
import type { RowView } from '../views.ts'

/** A chart shows no more, and every change sends them all. */
const MOST_ROWS = 600

/** The intervals of a stored ledger, oldest first. Throws a sentence when the text is no ledger. */
export const rowsOf = (ledger: string): RowView[] => thinned(decodeLedger(ledger).rows.map(rowView))

/**
 * Neighbours of one weight add up until there are few enough: counts of a longer interval are the sum of its parts. No
 * row spans a change of weight, so that there may be more than `most` where the weight changes all the time.
 */
export function thinned(rows: RowView[], most = MOST_ROWS): RowView[] {
  const size = Math.ceil(rows.length / most)
  const kept: { row: RowView; parts: number }[] = []
  for (const row of rows) {
    const last = kept.at(-1)
    if (last && last.parts < size && last.row.weight === row.weight) {
      kept[kept.length - 1] = { row: sum(last.row, row), parts: last.parts + 1 }
    } else kept.push({ row, parts: 1 })
  }
  return kept.map(({ row }) => row)
}

function rowView({ t1, weight, cells, users = {} }: Row): RowView {
  const counted = Object.entries({ ...users, ...cells })
  return {
    at: t1 * 1_000,
    weight,
    metrics: Object.fromEntries(
      counted.map(([name, [nc, nb, xc, xb]]) => [name, { canary: [nc, xc], stable: [nb, xb] }]),
    ),
  }
}

type Metrics = RowView['metrics']

function sum(earlier: RowView, later: RowView): RowView {
  const metrics: Metrics = { ...earlier.metrics }
  for (const [name, { canary, stable }] of Object.entries(later.metrics)) {
    const before = metrics[name] ?? { canary: [0, 0], stable: [0, 0] }
    metrics[name] = { canary: added(before.canary, canary), stable: added(before.stable, stable) }
  }
  return { at: later.at, weight: later.weight, metrics }
}

type Arm = Metrics[string]['canary']

const added = ([n, x]: Arm, [moreN, moreX]: Arm): Arm => [n + moreN, x + moreX]
