import type { Metric, Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import { logSumExp } from './grid.ts'
import type { Row } from './ledger.ts'
import { allowedShare, openObjective } from './objective.ts'
import { openProcess, type Process } from './process.ts'
import { addTo, begin, lnEAfterIn, lnEOfStream, mayReach, meet, type Stream } from './stream.ts'

/** A gauge has bounds and is never compared; a conversion tells which arm is liked, not whether one does harm. */
export type ComparedMetric = Exclude<Metric, { kind: 'gauge' | 'conversion' }>

export type MetricEvidence = { metric: ComparedMetric; omega: number; streams: Stream[] }

/** E_roll of analysis.md 4 as it grows row by row. */
export type Evidence = {
  metrics: MetricEvidence[]
  /** Those of all metrics. */
  streams: Stream[]
  /** First rows of the restart slots that are in use. */
  starts: number[]
  /** Slots before this one count 1, because a localised pod was replaced. */
  oldest(): number
  /** Rows in order; `silent` ones (flagged, or still open) only move the slots. */
  take(row: Row, index: number, silent: boolean): void
  lnE(): number
  /** `lnE() ≥ threshold`, most often without computing it. */
  reaches(threshold: number): boolean
}

/** ω of analysis.md 2, before it is spread over the metrics that were declared. */
const WEIGHT = { requests: 0.5, latency: 0.3, counters: 0.2 } as const
const ERRORS_GRID = { lowest: 1.1, highest: 100, k: 48 }
const LATENCY_GRID = { lowest: 1.05, highest: 50, k: 48 }

export function openEvidence(policy: Policy, rows: Row[]): Evidence {
  const compared = policy.metrics.filter((metric) => metric.kind !== 'gauge' && metric.kind !== 'conversion')
  const metrics = compared.map((metric) => ({
    metric,
    omega: omegaOf(metric, compared),
    streams: streamsOf(metric, policy, rows),
  }))
  const streams = metrics.flatMap((metric) => metric.streams)
  const restarts = openRestarts(policy, streams)
  let known: number | undefined = 0
  const lnE = (): number => (known ??= mixture(metrics))
  return {
    metrics,
    streams,
    starts: restarts.starts,
    oldest: restarts.oldest,
    take(row, index, silent) {
      if (restarts.move(row, index)) known = undefined
      if (!silent) known = undefined
      for (const stream of streams) {
        const cell = row.cells[stream.key]
        if (cell) meet(stream, cell, row)
        if (cell && !silent) addTo(stream, cell)
      }
    },
    lnE,
    // An average reaches what one of its parts reaches, or nothing does.
    reaches: (threshold) => streams.some((stream) => mayReach(stream, threshold)) && lnE() >= threshold,
  }
}

/** Restart slots of analysis.md 3.2. The last one is kept for the pod that replaces a localised one: J is one larger for it. */
function openRestarts(policy: Policy, streams: Stream[]) {
  const starts: number[] = []
  const slots = slotsOf(policy)
  let reserved = policy.replaceLocalised ? 1 : 0
  let oldest = 0
  let slot: number | undefined
  const forget = (): void => {
    oldest = starts.length
    for (const { process, objective } of streams) {
      process.forget()
      objective?.forget()
    }
  }
  return {
    starts,
    oldest: () => oldest,
    /** True where evidence changed although no row was added. */
    move(row: Row, index: number): boolean {
      const isReplacement = row.replaced === true && starts.length < slots
      if (isReplacement) {
        reserved = 0
        forget()
      }
      // At 100 % no pod can be told to be worse than stable, and what the objective finds needs a slot of its own.
      const kept = row.weight === 100 ? 0 : reserved
      if ((isReplacement || row.slot !== slot) && starts.length < slots - kept) {
        starts.push(index)
        for (const stream of streams) begin(stream, row)
      }
      slot = row.slot
      return isReplacement
    },
  }
}

const slotsOf = ({ slots, replaceLocalised }: Policy): number => (replaceLocalised ? Math.max(2, slots) : slots)

/** ln E of one metric: the plain average over its boundaries. 0 before it has any. */
export function lnEOf({ streams }: MetricEvidence, instead?: { key: string; lnE: number }): number {
  const [only, ...others] = streams
  if (!only) return 0
  const lnEIn = (stream: Stream): number => (instead?.key === stream.key ? instead.lnE : lnEOfStream(stream))
  return others.length === 0 ? lnEIn(only) : logSumExp(streams.map(lnEIn)) - Math.log(streams.length)
}

/** The stream that speaks loudest; the first among equals. */
export function leadingStream({ streams }: MetricEvidence): Stream | undefined {
  const [first, ...others] = streams
  return first && others.reduce((best, stream) => (lnEOfStream(stream) > lnEOfStream(best) ? stream : best), first)
}

/** ln E_roll if the next row had this cell in this stream and nothing else. */
export function lnEAfter(metrics: MetricEvidence[], stream: Stream, cell: Cell): number {
  return mixture(metrics, { key: stream.key, lnE: lnEAfterIn(stream, cell) })
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
  const slots = slotsOf(policy)
  const single = () => ({ isEnforced: policy.enforceSlo, alone: [], slots })
  if (metric.kind === 'latency') {
    return boundariesOf(metric, rows).map((boundary) => ({
      ...single(),
      key: latencyKey(metric.name, boundary),
      boundary,
      process: processOf(metric, policy),
    }))
  }
  const pStar = metric.kind === 'requests' ? allowedShare(policy.slo) : undefined
  const objective = pStar === undefined ? undefined : { pStar, phi: policy.burst, slots }
  return [
    {
      ...single(),
      key: metric.name,
      process: processOf(metric, policy),
      ...(objective ? { objective: openObjective(objective) } : {}),
    },
  ]
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
  return openProcess({ rho0, lo: lowest * rho0, hi: highest * rho0, k, phi: policy.burst }, slotsOf(policy))
}
