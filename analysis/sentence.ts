import { formatDuration } from '../crds/duration.ts'
import { breakdownOf } from './breakdown.ts'
import { totalOf } from './cell.ts'
import { ENOUGH_REQUESTS, threshold } from './checks.ts'
import { leadingStream, type MetricEvidence } from './evidence.ts'
import { excess } from './excess.ts'
import { grouped, instant, odds, ordinal, percent, ratio } from './figures.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { displayedInterval, type RatioInterval } from './ratio.ts'
import { cellsOf, hasData, leaderOf, volumeMetric, type Situation } from './situation.ts'

/** The verdict as one sentence for a person. Never empty. */
export function sentenceOf(ledger: Ledger, situation: Situation, finding: Finding): string {
  const at = `${situation.row.weight} %`
  if (finding.verdict === 'rollback') return `Rolled back: ${cause(situation, finding)}.`
  if (finding.verdict === 'hold') return hold(ledger, situation, finding)
  if (finding.reason === 'notReadyPods') {
    const next = `the step starts again when one is ready (${ordinal(finding.times)} time)`
    return `Retreating from ${at}: no canary pod is ready, and none has crashed; ${next}.`
  }
  const why = finding.reason === 'clean' ? '' : `${undecided(situation)}, and nothing speaks against it; `
  return `Advancing from ${at}: ${why}${comparison(situation)}.`
}

function cause(situation: Situation, finding: Extract<Finding, { verdict: 'rollback' }>): string {
  if (finding.reason === 'crash') return `a canary process ended by itself at ${situation.row.weight} %`
  if (finding.reason === 'mostlyBad') return mostlyBad(finding)
  if (finding.reason === 'evidence') return decisive(situation)
  if (finding.reason === 'budget') return overBudget(finding)
  if (finding.reason === 'notReady')
    return `the canary was left without a ready pod for the ${ordinal(finding.times)} time`
  return `${undecided(situation)}; ${comparison(situation)}`
}

function hold(ledger: Ledger, situation: Situation, finding: Extract<Finding, { verdict: 'hold' }>): string {
  const at = `${situation.row.weight} %`
  if (finding.reason === 'noData') return `Holding at ${at}: ${silence(ledger, situation, finding.missing)}.`
  if (finding.reason === 'notYet') {
    return finding.bare ? `Holding at ${at}: no canary pod is ready.` : progress(situation, at)
  }
  return `Holding at ${at}: ${undecided(situation)}, somebody has to promote or abort; ${comparison(situation)}.`
}

const undecided = ({ policy }: Situation): string => `still undecided after ${duration(policy.deadline)} of data`

function mostlyBad({ cell: [nc, nb, xc, xb], rows }: Extract<Finding, { reason: 'mostlyBad' }>): string {
  const where = rows === 1 ? 'in the last row' : `in the last ${rows} rows`
  return `${grouped(xc)} of ${grouped(nc)} canary requests failed ${where}, stable ${grouped(xb)} of ${grouped(nb)}`
}

function overBudget({ excess, budget }: Extract<Finding, { reason: 'budget' }>): string {
  return `the canary has cost ${grouped(Math.floor(excess))} failed requests more than stable would have; the error budget is ${grouped(budget)}`
}

function decisive(situation: Situation): string {
  const leader = leaderOf(situation.evidence)
  if (!leader) return 'the evidence has reached the threshold'
  const { metric, stream, startRow } = leader
  const since = startRow > 0 ? `since ${situation.rows[startRow]?.weight ?? 0} % ` : ''
  const cells = cellsOf(situation, stream.key, startRow, situation.index)
  const part = breakdownOf(situation, stream.key, startRow, excess({ rows: cells }).S)[0]
  const culprit =
    part && part.shareOfExcess >= 0.5
      ? `; ${percent(Math.min(1, part.shareOfExcess))} of the excess ${nameOf(part)}`
      : ''
  return `${since}${compared(situation, metric, startRow)}${culprit}`
}

const nameOf = ({ by, key }: { by: string; key: string }): string =>
  by === 'pod' ? `on pod ${key}` : `with ${by} ${key}`

/** How the metric that counts requests stands over the whole release. */
function comparison(situation: Situation): string {
  const metric = volumeMetric(situation.evidence)
  return metric ? compared(situation, metric, 0) : 'no metric is watched'
}

function compared(situation: Situation, metric: MetricEvidence, startRow: number): string {
  const stream = leadingStream(metric)
  const cells = stream ? cellsOf(situation, stream.key, startRow, situation.index) : []
  const [nc, nb, xc, xb] = totalOf(cells)
  const counts = `canary ${grouped(xc)} of ${grouped(nc)}, stable ${grouped(xb)} of ${grouped(nb)}`
  const evidence = `evidence ${odds(situation.evidence.lnE())}, threshold ${odds(threshold(situation))}`
  const interval = displayedInterval(cells, situation.policy.burst)
  const statement =
    metric.metric.kind === 'latency' ? slowness(interval, stream?.boundary) : errors(interval, metric.metric.name)
  return `${statement} — ${counts}; ${evidence}`
}

function errors({ mle, lower, upper }: RatioInterval, name: string): string {
  const subject = name === 'errors' ? 'errors' : `errors (${name})`
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

function silence({ rows }: Ledger, { row, index, evidence }: Situation, missing: string[]): string {
  const spoke = rows.slice(0, index + 1).findLast((past) => hasData(past, evidence) && past.flag !== 'gap')
  const first = rows[0]?.t0 ?? row.t0
  const all = missing.length === 0 || missing.length === evidence.metrics.length
  const subject = all ? 'no data' : `no data for ${missing.join(' and ')}`
  const why = row.missing ?? (row.flag === 'gap' ? 'a target was not scraped' : undefined)
  return `${subject} from Prometheus since ${instant(spoke?.t1 ?? first)}${why === undefined ? '' : ` (${why})`}`
}

function progress(situation: Situation, at: string): string {
  const { step, row } = situation
  if (!step) return `Watching at ${at}: ${comparison(situation)}.`
  const covered = `${duration(step.covered)} of ${duration(step.for)} analysed`
  const few =
    step.canary < ENOUGH_REQUESTS ? `, ${grouped(step.canary)} of ${ENOUGH_REQUESTS} canary requests seen` : ''
  const warming = row.flag === 'warmup' ? ', warming up' : ''
  return `Holding at ${at}: ${covered}${few}${warming}; ${comparison(situation)}.`
}

const duration = (seconds: number): string => formatDuration(seconds * 1_000)
