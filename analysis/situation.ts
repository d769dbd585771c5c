import type { Policy } from '../crds/policy.ts'
import { openAscent, type Ascent } from './ascent.ts'
import type { Cell } from './cell.ts'
import { leadingStream, lnEOf, openEvidence, type Evidence, type MetricEvidence } from './evidence.ts'
import { include, NO_EXCESS, type Excess } from './excess.ts'
import { hardOnes, openGauges, type Gauge } from './gauges.ts'
import type { Before, Ledger, Row } from './ledger.ts'
import { openContest, type Preference } from './preference.ts'
import { openProgress, type Progress } from './progress.ts'
import { counts } from './row.ts'
import { isOpen } from './span.ts'
import { witnessOf, type Stream, type Witness } from './stream.ts'

/** What is known at one row, and what the checks look at. */
export type Situation = {
  policy: Policy
  before: Before | undefined
  rows: Row[]
  index: number
  row: Row
  /** The row still grows. */
  isOpen: boolean
  evidence: Evidence
  gauges: Gauge[]
  /** Budget spent, per metric that counts bad events: requests and counters. */
  spent: Map<string, Excess>
  /** What the running step has seen. */
  step: Progress | undefined
  /** What a running ramp has seen. */
  ascent: Ascent | undefined
  /** Which revision users of a running A/B test prefer; undefined where none runs, or none that counts. */
  preference: Preference | undefined
  /** Retreats that a later slot has answered. */
  retreats: number
}

/**
 * Walks over the rows of a ledger and says at each what is known there; the same object, brought up to date. Rows may be
 * added, and another step may run, while it walks.
 */
export function* situations(ledger: Ledger): Generator<Situation> {
  const { policy, rows, before } = ledger
  const evidence = openEvidence(policy, rows)
  const gauges = openGauges(policy)
  const events = evidence.metrics.filter(({ metric }) => metric.kind !== 'latency').flatMap(({ streams }) => streams)
  const spent = new Map(events.map(({ key }) => [key, { ...NO_EXCESS }]))
  const volume = volumeMetric(evidence)
  const key = volume?.streams[0]?.key ?? ''
  const progress = openProgress()
  const contest = openContest()
  const ascent = policy.ramp && openAscent(policy, { key, countsRequests: volume?.metric.kind === 'requests' })
  const known = { policy, before, rows, evidence, gauges, spent, retreats: 0 }
  for (const [index, row] of rows.entries()) {
    const isGrowing = isOpen(ledger, index)
    const isSilent = row.flag !== undefined || isGrowing
    evidence.take(row, index, isSilent)
    ascent?.take(row, isSilent)
    if (counts(row)) spend(spent, row)
    progress.follow(ledger.running)
    contest.follow(ledger.running, rows.slice(0, index))
    if (!isGrowing) contest.take(row)
    if (row.flag === undefined && hasData(row, known)) progress.take(row, row.cells[key]?.[0] ?? 0)
    const step = progress.now()
    const climbing = step?.running.kind === 'ramp' ? ascent : undefined
    if (step?.running.kind === 'ramp' && !ascent)
      throw new RangeError('a ramp is running, but the policy has no ladder')
    yield Object.assign(known, { index, row, isOpen: isGrowing, step, ascent: climbing, preference: contest.now() })
  }
}

function spend(spent: Map<string, Excess>, row: Row): void {
  for (const [key, sum] of spent) {
    const cell = row.cells[key]
    if (cell) include(sum, cell)
  }
}

/** Every metric that decides has a cell or a value: anything less is ignorance. */
export const hasData = (
  row: Row,
  { policy, evidence, gauges }: Pick<Situation, 'policy' | 'evidence' | 'gauges'>,
): boolean =>
  evidence.metrics.length + gauges.length + conversionsOf(policy).length > 0 &&
  row.tooManySeries === undefined &&
  evidence.metrics.every(({ streams }) => streams.length > 0 && streams.every(({ key }) => row.cells[key])) &&
  conversionsOf(policy).every((name) => row.users?.[name]) &&
  hardOnes(gauges).every((gauge) => gauge.isWithin(row) !== undefined)

/** Names of what an A/B test counts. */
export const conversionsOf = ({ metrics }: Policy): string[] =>
  metrics.flatMap(({ kind, name }) => (kind === 'conversion' ? name : []))

/** Nothing that decides was missing in it. */
const isHeard = (row: Row, known: Pick<Situation, 'policy' | 'evidence' | 'gauges'>): boolean =>
  hasData(row, known) && row.flag !== 'gap'

/** The last row of a ledger, up to an index, in which nothing that decides was missing. */
export function lastHeard({ policy, rows }: Pick<Ledger, 'policy' | 'rows'>, index = rows.length - 1): Row | undefined {
  const known = { policy, evidence: openEvidence(policy, rows), gauges: openGauges(policy) }
  return rows.slice(0, index + 1).findLast((row) => isHeard(row, known))
}

/** Where all traffic is the canary's, nothing is compared, and its objective is all that can be asked (analysis.md 15). */
export const objectiveAlone = ({ row, evidence }: Pick<Situation, 'row' | 'evidence'>): Stream | undefined =>
  row.weight < 100
    ? undefined
    : evidence.streams.find(({ objective, alone }) => objective !== undefined && alone.at(-1) === true)

/**
 * At this row nothing that is compared could be found to be bad. A bake at 100 % is that of blue-green, which has no
 * comparison by its nature: pods, bounds and failures of more than half of the requests judge it.
 */
export const isUnjudged = (situation: Pick<Situation, 'row' | 'evidence' | 'step'>): boolean =>
  situation.row.weight === 100 &&
  situation.step?.running.kind !== 'bake' &&
  situation.evidence.metrics.length > 0 &&
  objectiveAlone(situation) === undefined

/** The metric with the largest share of the evidence, its loudest stream, and what speaks loudest in it. */
export type Leader = { metric: MetricEvidence; stream: Stream; witness: Witness; startRow: number }

export function leaderOf(evidence: Evidence): Leader | undefined {
  const weightOf = (metric: MetricEvidence): number => Math.log(metric.omega) + lnEOf(metric)
  const [first, ...others] = evidence.metrics
  if (!first) return undefined
  const metric = others.reduce((best, other) => (weightOf(other) > weightOf(best) ? other : best), first)
  const stream = leadingStream(metric)
  if (!stream) return undefined
  const witness = witnessOf(stream, evidence.oldest())
  return { metric, stream, witness, startRow: evidence.starts[witness.slot] ?? 0 }
}

/** Cells of one stream that are evidence, from one row to another, both included. */
export function cellsOf({ rows }: Pick<Situation, 'rows'>, key: string, from: number, to: number): Cell[] {
  const cells: Cell[] = []
  for (let i = from; i <= to; i++) {
    const row = rows[i]
    const cell = row?.flag === undefined ? row?.cells[key] : undefined
    if (cell) cells.push(cell)
  }
  return cells
}

/** The metric that counts requests best: errors before others. */
export const volumeMetric = ({ metrics }: Evidence): MetricEvidence | undefined =>
  metrics.find(({ metric }) => metric.kind === 'requests') ??
  metrics.find(({ metric }) => metric.kind === 'counters') ??
  metrics[0]
