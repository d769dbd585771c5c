import { standsOut } from './ascent.ts'
import { leastCount } from './bisection.ts'
import { totalOf, type Cell } from './cell.ts'
import { ENOUGH_REQUESTS } from './checks.ts'
import { lnEAfter } from './evidence.ts'
import type { Finding } from './finding.ts'
import type { Row } from './ledger.ts'
import { LEAST_ROWS, rampOf, topOf } from './ramp.ts'
import { isEnough, openFloor, tooFew } from './proof.ts'
import { REACTION_SECONDS } from './levels.ts'
import { cellsOf, hasData, volumeMetric, type Situation } from './situation.ts'
import { witnessOf, type Stream } from './stream.ts'

/** Beyond this many rows nobody wants to know. */
const MOST_ROWS = 10_000

/**
 * The least number of canary bad events in a further row, otherwise like the last one with data, at which the evidence
 * reaches the threshold, and is about enough of them. Null when even all its canary requests would not do.
 */
export function badToRollback(situation: Situation, stream: Stream, threshold: number): number | null {
  const { evidence } = situation
  if (evidence.reaches(threshold) && tooFew(situation) === undefined) return 0
  const last = lastRow(situation, ({ cells }) => cells[stream.key] !== undefined)
  const [most, nb, , xb] = last?.cells[stream.key] ?? [0, 0, 0, 0]
  const witness = witnessOf(stream, evidence.oldest())
  const floor = openFloor(situation, { stream, witness, startRow: evidence.starts[witness.slot] ?? 0 })
  const reaches = (bad: number): boolean => {
    const cell: Cell = [most, nb, bad, xb]
    return isEnough(floor(cell)) && lnEAfter(evidence.metrics, stream, cell) >= threshold
  }
  return most === 0 ? null : leastCount(most, reaches)
}

/**
 * The least number of further rows like the last one with data after which the step ends well, if from now on both arms
 * fail as often as the baseline did so far. Rows are counted with their expected bad events: a good release takes
 * longer than this about as often as not. In an `analyze` or a `bake`: until its time is covered and enough requests are
 * seen. In a ramp: at its last weight, the requests of the last row divided by that weight, and from the beginning
 * while it is not there yet; what the rungs before it take comes on top. Null without a running step, without data,
 * beyond 10 000 rows, and for metrics of a ramp that do not decide about its end.
 */
export function cleanRowsToPromote(situation: Situation, stream: Stream, finding: Finding): number | null {
  const { step, ascent } = situation
  const last = lastRow(situation, (row) => hasData(row, situation))
  if (!step || !last) return null
  if (finding.verdict === 'advance' && finding.reason !== 'nextRung') return 0
  if (step.running.kind === 'abTest') return null
  if (step.running.kind !== 'ramp') return rowsOfStep(situation, last)
  return ascent?.key === stream.key ? rowsOfRamp(situation, last) : null
}

function rowsOfStep(situation: Situation, last: Row): number | null {
  const { step, evidence } = situation
  if (!step || !('for' in step.running)) return null
  const key = volumeMetric(evidence)?.streams[0]?.key
  const perRow = key === undefined ? Infinity : (last.cells[key]?.[0] ?? 0)
  const time = Math.ceil((step.running.for - step.covered) / (last.t1 - last.t0))
  const volume = step.canary >= ENOUGH_REQUESTS ? 0 : Math.ceil((ENOUGH_REQUESTS - step.canary) / perRow)
  return bounded(Math.max(1, time, volume))
}

/** Evidence per row is the same, so that its logarithm is convex in their number: reached once, it stays reached. */
function rowsOfRamp(situation: Situation, last: Row): number | null {
  const { policy, ascent, step, row } = situation
  const [nc, nb] = (ascent && last.cells[ascent.key]) ?? [0, 0]
  if (!ascent || !step || nc + nb === 0) return null
  const { ladder, dwell } = rampOf(policy)
  const isThere = row.weight >= topOf(ladder)
  const seen = isThere && step.here.slot === row.slot ? step.here : { rows: 0, seconds: 0 }
  const time = (Math.max(REACTION_SECONDS, dwell) - seen.seconds) / (last.t1 - last.t0)
  const [, bn, , bx] = totalOf(cellsOf(situation, ascent.key, 0, situation.index))
  const share = isThere ? nc / (nc + nb) : topOf(ladder) / 100
  const bad = bn === 0 ? 0 : bx / bn
  const cell = (rows: number): Cell => {
    const [canary, baseline] = [rows * (nc + nb) * share, rows * (nc + nb) * (1 - share)]
    return [canary, baseline, canary * bad, baseline * bad]
  }
  const enough = leastCount(MOST_ROWS, (rows) => {
    const { notInferior, belowSlo } = ascent.standingAfter(cell(rows), !isThere)
    return standsOut(notInferior) || (belowSlo !== undefined && standsOut(belowSlo))
  })
  return enough === null ? null : bounded(Math.max(enough, LEAST_ROWS - seen.rows, Math.ceil(time)))
}

const bounded = (rows: number): number | null => (rows <= MOST_ROWS ? rows : null)

/** The last row that is evidence and is what is asked for. */
const lastRow = ({ rows, index }: Situation, isWanted: (row: Row) => boolean): Row | undefined =>
  rows.slice(0, index + 1).findLast((row) => row.flag === undefined && isWanted(row))
