import type { Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import {
  leadingSlot,
  leadingStream,
  lnEOf,
  openEvidence,
  type Evidence,
  type MetricEvidence,
  type Stream,
} from './evidence.ts'
import { NO_EXCESS, plus, type Excess } from './excess.ts'
import { isOpen } from './growth.ts'
import type { Ledger, Row } from './ledger.ts'

/** The running `analyze` step: epoch seconds at which it began, and how many seconds of data it wants. */
export type Analyze = { from: number; for: number }

/** What is known at one row, and what the checks look at. */
export type Situation = {
  policy: Policy
  rows: Row[]
  index: number
  row: Row
  evidence: Evidence
  /** Budget spent, per errors metric. */
  spent: Map<string, Excess>
  /** What the running `analyze` step has seen. */
  step?: { for: number; covered: number; canary: number }
  /** Retreats that a later slot has answered. */
  retreats: number
}

/** Walks over the rows of a ledger and says at each what is known there; the same object, brought up to date. */
export function* situations(ledger: Ledger, analyze: Analyze | undefined): Generator<Situation> {
  const { policy, rows } = ledger
  const evidence = openEvidence(policy, rows)
  const errors = evidence.metrics.filter(({ metric }) => metric.kind === 'requests').flatMap(({ streams }) => streams)
  const spent = new Map(errors.map(({ key }) => [key, NO_EXCESS]))
  const situation = { policy, rows, evidence, spent, retreats: 0 }
  const step = analyze && { for: analyze.for, covered: 0, canary: 0 }
  for (const [index, row] of rows.entries()) {
    evidence.take(row, index, row.flag !== undefined || isOpen(ledger, index))
    for (const [key, sum] of spent) {
      const cell = row.cells[key]
      if (cell && counts(row)) spent.set(key, plus(sum, cell))
    }
    if (step && analyze && row.t0 >= analyze.from && row.flag === undefined && hasData(row, evidence)) {
      step.covered += row.t1 - row.t0
      step.canary += volumeOf(row, evidence)
    }
    yield Object.assign(situation, { index, row, ...(step ? { step } : {}) })
  }
}

/** Rows that fast path and budget cap may look at; evidence leaves out those of the warm-up, too. */
export const counts = ({ flag }: Row): boolean => flag === undefined || flag === 'warmup'

/** Every metric that was declared has a cell: anything less is ignorance. */
export const hasData = (row: Row, evidence: Evidence): boolean =>
  evidence.metrics.length > 0 &&
  evidence.metrics.every(({ streams }) => streams.length > 0 && streams.every(({ key }) => row.cells[key]))

/** The metric with the largest share of the evidence, its loudest stream, and that one's loudest slot. */
export type Leader = { metric: MetricEvidence; stream: Stream; startRow: number }

export function leaderOf(evidence: Evidence): Leader | undefined {
  const weightOf = (metric: MetricEvidence): number => Math.log(metric.omega) + lnEOf(metric)
  const [first, ...others] = evidence.metrics
  if (!first) return undefined
  const metric = others.reduce((best, other) => (weightOf(other) > weightOf(best) ? other : best), first)
  const stream = leadingStream(metric)
  return stream && { metric, stream, startRow: evidence.starts[leadingSlot(stream).index] ?? 0 }
}

/** Cells of one stream that are evidence, from one row to another, both included. */
export function cellsOf({ rows }: Pick<Situation, 'rows'>, key: string, from: number, to: number): Cell[] {
  return rows.slice(from, to + 1).flatMap((row) => {
    const cell = row.flag === undefined ? row.cells[key] : undefined
    return cell ? [cell] : []
  })
}

/** The metric that counts requests best: errors before others. */
export const volumeMetric = ({ metrics }: Evidence): MetricEvidence | undefined =>
  metrics.find(({ metric }) => metric.kind === 'requests') ?? metrics[0]

function volumeOf(row: Row, evidence: Evidence): number {
  const stream = volumeMetric(evidence)?.streams[0]
  return (stream && row.cells[stream.key]?.[0]) ?? 0
}
