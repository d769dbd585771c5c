import type { Advisory, Explanation, MetricEvidence as MetricExplanation } from '../crds/verdict.ts'
import { balanceOf, type Balance } from './balance.ts'
import { breakdownOf } from './breakdown.ts'
import { totalOf } from './cell.ts'
import { policyHash } from './codec.ts'
import { leadingStream, lnEOf, type MetricEvidence } from './evidence.ts'
import { excess } from './excess.ts'
import { rounded } from './figures.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { gaugesAt } from './gauges.ts'
import { badToRollback, cleanRowsToPromote } from './needed.ts'
import { threshold } from './proof.ts'
import { rampEvidence } from './ramp.ts'
import { displayedInterval, LEVEL, type RatioInterval } from './ratio.ts'
import { shadow } from './shadow/index.ts'
import { sentenceOf } from './sentence.ts'
import { cellsOf, hasData, volumeMetric, type Situation } from './situation.ts'
import { witnessOf } from './stream.ts'

/** The finding with everything it came from; every number that is no count has six significant digits. */
export function explain(ledger: Ledger, situation: Situation, finding: Finding): Explanation {
  const { row, index, evidence } = situation
  return {
    verdict: finding.verdict,
    reason: finding.reason,
    sentence: sentenceOf(ledger, situation, finding),
    at: row.t1,
    row: index,
    weight: row.weight,
    policyHash: policyHash(ledger),
    lnE: rounded(evidence.lnE()),
    lnThreshold: rounded(threshold(situation)),
    metrics: evidence.metrics.map((metric) => explainMetric(ledger, situation, metric, finding)),
    data: dataOf(ledger, situation),
    ...besides(ledger, situation, finding),
  }
}

/** What only some releases have. */
function besides(
  ledger: Ledger,
  situation: Situation,
  finding: Finding,
): Pick<Explanation, 'split' | 'ramp' | 'preference' | 'action' | 'gauges' | 'advisory'> {
  const balance = balanceOf(situation)
  const ramp = rampEvidence(situation, finding)
  const preference = preferenceAt(situation)
  const advisory = advisoryOf(ledger, situation)
  return {
    ...(balance ? { split: splitOf(balance) } : {}),
    ...(ramp ? { ramp } : {}),
    ...(preference ? { preference } : {}),
    ...(finding.reason === 'localised' ? { action: { replacePod: finding.pod } } : {}),
    ...(situation.gauges.length > 0 ? { gauges: gaugesAt(ledger, situation.gauges, situation.row) } : {}),
    ...(advisory ? { advisory } : {}),
  }
}

function preferenceAt(situation: Situation): Explanation['preference'] {
  const running = situation.step?.running
  const found = situation.preference
  if (running?.kind !== 'abTest' || running.metric === undefined || !found) return undefined
  const [nb, na, xb, xa] = found.total
  return {
    metric: running.metric,
    a: { users: na, converted: xa },
    b: { users: nb, converted: xb },
    lnE: rounded(found.lnE),
    ratio: shown(found.ratio()),
    winner: found.winner ?? null,
  }
}

const splitOf = ({ lnE, lnThreshold, observed, configured }: Balance): NonNullable<Explanation['split']> => ({
  lnE: rounded(lnE),
  lnThreshold: rounded(lnThreshold),
  share: [rounded(observed), configured],
})

/** What decides nothing. Of the ledger's rows only those up to the deciding one, so that the text stays. */
function advisoryOf(ledger: Ledger, situation: Situation): Advisory | undefined {
  const { policy, rows, index, evidence } = situation
  const objective = volumeMetric(evidence)?.streams[0]?.objective
  const told = policy.shadow.length > 0 ? shadow({ ...ledger, rows: rows.slice(0, index + 1) }) : []
  if (!objective && told.length === 0) return undefined
  return {
    ...(objective ? { slo: { lnE: rounded(objective.lnE()), lnThreshold: rounded(threshold(situation)) } } : {}),
    ...(told.length > 0 ? { shadow: told } : {}),
  }
}

/** Before the first row. */
export function explainNothing(ledger: Ledger): Explanation {
  return {
    verdict: 'hold',
    reason: 'notYet',
    sentence: 'Holding: the first interval has not ended yet.',
    at: 0,
    row: -1,
    weight: 0,
    policyHash: policyHash(ledger),
    lnE: 0,
    lnThreshold: rounded(threshold(ledger)),
    metrics: [],
    data: { rowsUsed: 0, excluded: { warmup: 0, gap: 0, retreat: 0 } },
  }
}

/** n, x, rate and ratio are those of the whole release; slot, excess and breakdown begin where its loudest slot does. */
function explainMetric(
  ledger: Ledger,
  situation: Situation,
  evidence: MetricEvidence,
  finding: Finding,
): MetricExplanation {
  const { metric, omega } = evidence
  const stream = leadingStream(evidence)
  const witness = witnessOf(stream, situation.evidence.oldest())
  const startRow = situation.evidence.starts[witness.slot] ?? 0
  const cells = stream ? cellsOf(situation, stream.key, 0, situation.index) : []
  const recent = stream ? cellsOf(situation, stream.key, startRow, situation.index) : []
  const [nc, nb, xc, xb] = totalOf(cells)
  const { S, V, expected } = excess({ rows: recent })
  const lnE = lnEOf(evidence)
  const source = ledger.sources.find((asked) => asked.metric === metric.name)
  return {
    name: metric.name,
    omega: rounded(omega),
    lnE: rounded(lnE),
    share: rounded(Math.exp(Math.log(omega) + lnE - situation.evidence.lnE())),
    n: [nc, nb],
    x: [xc, xb],
    rate: [rounded(nc === 0 ? 0 : xc / nc), rounded(nb === 0 ? 0 : xb / nb)],
    ratio: shown(displayedInterval(cells, situation.policy.burst)),
    slot: { index: witness.slot, startRow, lnE: rounded(witness.lnE) },
    excess: { S: rounded(S), V: rounded(V), expected: rounded(expected) },
    needed: {
      badToRollback: stream ? badToRollback(situation, stream, threshold(situation)) : null,
      cleanRowsToPromote: stream ? cleanRowsToPromote(situation, stream, finding) : null,
    },
    breakdown: metric.kind === 'requests' ? breakdownOf(situation, metric.name, startRow) : [],
    query: source?.query ?? '',
    window: source?.window ?? '',
  }
}

/** JSON knows no infinity: null. */
function shown({ mle, lower, upper }: RatioInterval): MetricExplanation['ratio'] {
  return {
    mle: mle === undefined || mle === Infinity ? null : rounded(mle),
    lower: rounded(lower),
    upper: upper === Infinity ? null : rounded(upper),
    level: LEVEL,
  }
}

function dataOf({ cut }: Ledger, situation: Situation): Explanation['data'] {
  const { rows, index } = situation
  const seen = rows.slice(0, index + 1)
  const flagged = (flag: string): number => seen.filter((row) => row.flag === flag).length
  const last = seen.findLast((row) => hasData(row, situation))
  return {
    rowsUsed: seen.filter((row) => row.flag === undefined && Object.keys(row.cells).length > 0).length,
    excluded: { warmup: flagged('warmup'), gap: flagged('gap'), retreat: flagged('retreat') },
    ...(last ? { lastSample: last.t1 } : {}),
    ...(cut ? { cut } : {}),
  }
}
