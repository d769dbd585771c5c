import type { Metric, Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import { logSumExp } from './grid.ts'
import type { Row } from './ledger.ts'
import { openProcess, type Process } from './process.ts'

/** One column of cells: a metric has one, latency one per boundary. */
export type Stream = {
  key: string
  /** Milliseconds; latency only. */
  boundary?: number
  process: Process
}

/** A gauge has bounds and is never compared. */
export type ComparedMetric = Exclude<Metric, { kind: 'gauge' }>

export type MetricEvidence = { metric: ComparedMetric; omega: number; streams: Stream[] }

/** E_roll of analysis.md 4 as it grows row by row. */
export type Evidence = {
  metrics: MetricEvidence[]
  /** First rows of the restart slots that are in use. */
  starts: number[]
  /** Rows in order; `silent` ones (flagged, or still open) only move the slots. */
  take(row: Row, index: number, silent: boolean): void
  lnE(): number
}

/** ω of analysis.md 2, before it is spread over the metrics that were declared. */
const WEIGHT = { requests: 0.5, latency: 0.3, counters: 0.2 } as const
const ERRORS_GRID = { lowest: 1.1, highest: 100, k: 48 }
const LATENCY_GRID = { lowest: 1.05, highest: 50, k: 48 }

export function openEvidence(policy: Policy, rows: Row[]): Evidence {
  const compared = policy.metrics.filter((metric) => metric.kind !== 'gauge')
  const metrics = compared.map((metric) => ({
    metric,
    omega: omegaOf(metric, compared),
    streams: streamsOf(metric, policy, rows),
  }))
  const starts: number[] = []
  let slot: number | undefined
  let known: number | undefined = 0
  return {
    metrics,
    starts,
    take(row, index, silent) {
      if (row.slot !== slot && starts.length < policy.slots) {
        starts.push(index)
        for (const { process } of metrics.flatMap(({ streams }) => streams)) process.restart()
      }
      slot = row.slot
      if (silent) return
      known = undefined
      for (const { key, process } of metrics.flatMap(({ streams }) => streams)) {
        const cell = row.cells[key]
        if (cell) process.add(cell)
      }
    },
    lnE: () => (known ??= mixture(metrics)),
  }
}

/** ln E of one metric: the plain average over its boundaries. 0 before it has any. */
export function lnEOf({ streams }: MetricEvidence, instead?: { key: string; lnE: number }): number {
  if (streams.length === 0) return 0
  const values = streams.map(({ key, process }) => (instead?.key === key ? instead.lnE : process.lnE()))
  return logSumExp(values) - Math.log(values.length)
}

/** The stream that speaks loudest; the first among equals. */
export const leadingStream = ({ streams }: MetricEvidence): Stream | undefined =>
  streams.reduce<Stream | undefined>(
    (best, stream) => (best === undefined || stream.process.lnE() > best.process.lnE() ? stream : best),
    undefined,
  )

/** The slot of a stream that speaks loudest; the oldest among equals. */
export function leadingSlot(stream: Stream | undefined): { index: number; lnE: number } {
  const slots = stream?.process.slots() ?? []
  const lnE = slots.reduce((most, ln) => Math.max(most, ln), -Infinity)
  return slots.length === 0 ? { index: 0, lnE: 0 } : { index: slots.indexOf(lnE), lnE }
}

/** ln E_roll if the next row had this cell in this stream and nothing else. */
export function lnEAfter(metrics: MetricEvidence[], stream: Stream, cell: Cell): number {
  return mixture(metrics, { key: stream.key, lnE: stream.process.after(cell) })
}

/** An average of e-values is an e-value under any dependence. */
function mixture(metrics: MetricEvidence[], instead?: { key: string; lnE: number }): number {
  if (metrics.length === 0) return 0
  return logSumExp(metrics.map((metric) => Math.log(metric.omega) + lnEOf(metric, instead)))
}

/** A kind shares its weight equally among its metrics; kinds that were not declared give theirs away. */
function omegaOf({ kind }: ComparedMetric, declared: ComparedMetric[]): number {
  const kinds = new Set(declared.map((metric) => metric.kind))
  const total = [...kinds].reduce((sum, present) => sum + WEIGHT[present], 0)
  return WEIGHT[kind] / total / declared.filter((metric) => metric.kind === kind).length
}

function streamsOf(metric: ComparedMetric, policy: Policy, rows: Row[]): Stream[] {
  if (metric.kind !== 'latency') return [{ key: metric.name, process: processOf(metric, policy) }]
  return boundariesOf(metric, rows).map((boundary) => ({
    key: latencyKey(metric.name, boundary),
    boundary,
    process: processOf(metric, policy),
  }))
}

/** Key of a latency metric's cells: `latency:250`. Milliseconds. */
export const latencyKey = (name: string, boundaryMs: number): string => `${name}:${boundaryMs}`

/** The declared boundary; where none was fixed, those of the first row that has any. */
function boundariesOf(metric: Extract<Metric, { kind: 'latency' }>, rows: Row[]): number[] {
  if (metric.boundariesMs !== undefined) return metric.boundariesMs
  const prefix = `${metric.name}:`
  const first = rows.map(({ cells }) => Object.keys(cells).filter((key) => key.startsWith(prefix)))
  const keys = first.find((found) => found.length > 0) ?? []
  return keys.map((key) => Number(key.slice(prefix.length))).sort((a, b) => a - b)
}

function processOf({ kind }: ComparedMetric, policy: Policy): Process {
  const rho0 = kind === 'latency' ? policy.latencyToleratedRatio : policy.toleratedRatio
  const { lowest, highest, k } = kind === 'latency' ? LATENCY_GRID : ERRORS_GRID
  return openProcess({ rho0, lo: lowest * rho0, hi: highest * rho0, k, phi: policy.burst }, policy.slots)
}
