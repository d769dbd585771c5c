import { breakdownOf } from './breakdown.ts'
import { totalOf } from './cell.ts'
import { leadingStream, type MetricEvidence } from './evidence.ts'
import { finePercent, grouped, odds, percent, ratio } from './figures.ts'
import { threshold } from './proof.ts'
import { outsideAt, outsideWords } from './gauges.ts'
import { displayedInterval, type RatioInterval } from './ratio.ts'
import { cellsOf, leaderOf, objectiveAlone, volumeMetric, type Situation } from './situation.ts'
import type { Stream } from './stream.ts'

/** How the metric that counts requests stands over the whole release, and what is out of bounds now, in words. */
export function comparison(situation: Situation): string {
  const { gauges, row } = situation
  const outside = outsideAt(gauges, row).map((gauge) => outsideWords(gauge, row))
  const standing = standingOf(situation)
  const said = [...(standing === undefined ? [] : [standing]), ...outside]
  if (said.length > 0) return said.join('; ')
  const areKnown = gauges.every((gauge) => gauge.isWithin(row) !== undefined)
  return areKnown ? 'all bounds are kept' : 'all bounds with a value are kept'
}

/** Undefined where nothing is compared. */
function standingOf(situation: Situation): string | undefined {
  const metric = volumeMetric(situation.evidence)
  const alone = objectiveAlone(situation)
  if (metric && alone) return missed(situation, metric, alone, situation.evidence.starts.at(-1) ?? 0)
  if (metric) return compared(situation, metric, 0)
  return situation.gauges.length > 0 ? undefined : 'no metric is compared'
}

/** What the evidence leads with, since when, and where it comes from. */
export function leading(situation: Situation): string {
  const leader = leaderOf(situation.evidence)
  if (!leader) return 'the evidence has reached the threshold'
  const { metric, stream, witness, startRow } = leader
  const since = startRow > 0 ? `since ${situation.rows[startRow]?.weight ?? 0} % ` : ''
  if (witness.against === 'objective') return `${since}${missed(situation, metric, stream, startRow)}`
  const part = metric.metric.kind === 'requests' ? breakdownOf(situation, stream.key, startRow)[0] : undefined
  const culprit =
    part && part.shareOfExcess >= 0.5
      ? `; ${percent(Math.min(1, part.shareOfExcess))} of the excess ${nameOf(part)}`
      : ''
  return `${since}${compared(situation, metric, startRow)}${culprit}`
}

const nameOf = ({ by, key }: { by: string; key: string }): string =>
  by === 'pod' ? `on pod ${key}` : `with ${by} ${key}`

/** How the canary stands against the objective. */
function missed(situation: Situation, metric: MetricEvidence, stream: Stream, startRow: number): string {
  const [nc, nb, xc, xb] = totalOf(cellsOf(situation, stream.key, startRow, situation.index))
  const allowed = finePercent(stream.objective?.pStar ?? 0)
  const subject = subjectOf(metric.metric.name)
  const stable = nb === 0 ? 'no stable beside it' : `stable ${grouped(xb)} of ${grouped(nb)}`
  const share = finePercent(nc === 0 ? 0 : xc / nc)
  return `${subject} are ${share} of the canary's requests, the objective allows ${allowed} — canary ${grouped(xc)} of ${grouped(nc)}, ${stable}; ${certainty(situation)}`
}

function compared(situation: Situation, metric: MetricEvidence, startRow: number): string {
  const stream = leadingStream(metric)
  const cells = stream ? cellsOf(situation, stream.key, startRow, situation.index) : []
  const [nc, nb, xc, xb] = totalOf(cells)
  const counts = `canary ${grouped(xc)} of ${grouped(nc)}, stable ${grouped(xb)} of ${grouped(nb)}`
  const interval = displayedInterval(cells, situation.policy.burst)
  const statement =
    metric.metric.kind === 'latency' ? slowness(interval, stream?.boundary) : errors(interval, metric.metric.name)
  return `${statement}${isWhole(interval, xc, xb) ? '' : WHILE_BOTH} — ${counts}; ${certainty(situation)}`
}

/** Rows in which one side had no requests compare nothing, and their events are in the counts all the same. */
const isWhole = ({ mle }: RatioInterval, canaryBad: number, stableBad: number): boolean =>
  mle === undefined
    ? canaryBad + stableBad === 0
    : !(mle === 0 && canaryBad > 0) && !(mle === Infinity && stableBad > 0)

const WHILE_BOTH = ' while both had requests'

const certainty = (situation: Situation): string =>
  `evidence ${odds(situation.evidence.lnE())}, threshold ${odds(threshold(situation))}`

const subjectOf = (name: string): string => (name === 'errors' ? 'errors' : `errors (${name})`)

function errors({ mle, lower, upper }: RatioInterval, name: string): string {
  const subject = subjectOf(name)
  if (mle === undefined) return `no ${subject} on either side`
  if (mle === 0) return `no ${subject} on the canary (95 %: at most ${ratio(upper)}× stable)`
  if (mle === Infinity) return `${subject} on the canary only (95 %: at least ${ratio(lower)}× stable)`
  return `${subject} are ${ratio(mle)}× stable (95 %: ${ratio(lower)}–${ratio(upper)})`
}

function slowness({ mle, lower, upper }: RatioInterval, boundary: number | undefined): string {
  const slow = `slower than ${boundary ?? '?'} ms`
  if (mle === undefined) return `no requests ${slow} on either side`
  if (mle === 0) return `no canary requests ${slow} (95 %: at most ${ratio(upper)}× as many as stable)`
  if (mle === Infinity) return `requests ${slow} on the canary only (95 %: at least ${ratio(lower)}× as many as stable)`
  return `${ratio(mle)}× as many requests ${slow} as stable (95 %: ${ratio(lower)}–${ratio(upper)})`
}
