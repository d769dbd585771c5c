import type { Metric } from '../crds/policy.ts'
import type { Ledger } from './ledger.ts'

/** The last row of a long ledger still grows: it is no evidence yet, because peeking at a part of a row is not covered by α. */
export function isOpen({ rows, policy, cut = 0 }: Pick<Ledger, 'rows' | 'policy' | 'cut'>, index: number): boolean {
  const row = rows[index]
  if (!row || index !== rows.length - 1) return false
  const intervals = intervalsOf(policy.metrics, index + cut)
  return intervals > 1 && row.t1 - row.t0 < policy.interval * (intervals - 1 / 2)
}

/** So many rows are one interval long, and the next as many cover two intervals each, then four, and so on. */
export const GENERATION = 480
/** With many cells in a row the generations are shorter, so that as many weeks fit into as many characters. */
const FIRST_CELLS = 4_800
const LATER_CELLS = 960

/** How many intervals the row of that index covers at its end. */
export function intervalsOf(metrics: Metric[], index: number): number {
  const cells = metrics.reduce((sum, metric) => sum + cellsOf(metric), 0)
  const first = Math.min(GENERATION, Math.floor(FIRST_CELLS / Math.max(1, cells)))
  const later = Math.min(GENERATION, Math.floor(LATER_CELLS / Math.max(1, cells)))
  return index < first ? 1 : 2 ** (1 + Math.floor((index - first) / later))
}

function cellsOf(metric: Metric): number {
  if (metric.kind === 'gauge') return 0
  return metric.kind === 'latency' ? (metric.boundariesMs?.length ?? 1) : 1
}
