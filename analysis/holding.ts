import { balanceOf } from './balance.ts'
import { comparison, leading } from './comparison.ts'
import { finePercent, instant, odds, percent } from './figures.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { conversionsOf, lastHeard, type Situation } from './situation.ts'
import { duration, insignificance, waiting } from './waiting.ts'

type Hold = Extract<Finding, { verdict: 'hold' }>

/** Why a release holds, and what a person can do about it. */
export function holding(ledger: Ledger, situation: Situation, finding: Hold): string {
  if (finding.reason === 'notYet' && !finding.bare) return waiting(situation)
  return `Holding at ${situation.row.weight} %: ${obstacle(ledger, situation, finding)}.`
}

/** `still undecided after 2h of data` */
export const undecided = ({ policy }: Situation): string => `still undecided after ${duration(policy.deadline)} of data`

function obstacle(ledger: Ledger, situation: Situation, finding: Hold): string {
  switch (finding.reason) {
    case 'noData':
      return silence(ledger, situation, finding.missing)
    case 'tooManySeries':
      return `Prometheus has too many series of this release to count${because(situation.row.missing)}; drop labels of these metrics, or promote or abort`
    case 'splitMismatch':
      return mismatch(situation)
    case 'localised':
      return `${leading(situation)}; ${percent(Math.min(1, finding.share))} of the excess sits on pod ${finding.pod} alone, which is replaced once before the release is judged`
    case 'inconclusive':
      if (finding.why === 'unjudged') return blindness(situation)
      if (finding.why === 'tooFew') return `${insignificance(situation)}; ${comparison(situation)}`
      return `${undecided(situation)}, somebody has to promote or abort; ${comparison(situation)}`
    case 'notYet':
  }
  return 'no canary pod is ready'
}

function silence(ledger: Ledger, situation: Situation, missing: string[]): string {
  const { row, index, evidence, gauges } = situation
  const refusal = gauges.find((gauge) => missing.includes(gauge.name) && gauge.refusal(row))?.refusal(row)
  if (refusal !== undefined) return refusal
  const since = instant(lastHeard(ledger, index)?.t1 ?? ledger.rows[0]?.t0 ?? row.t0)
  const isGap = row.flag === 'gap'
  const why = because(row.missing ?? (isGap ? 'a target was not scraped' : undefined))
  if (isGap && missing.length === 0) return `the data from Prometheus have gaps since ${since}${why}`
  const isAll = missing.length === evidence.metrics.length + gauges.length + conversionsOf(situation.policy).length
  const subject = isAll ? 'no data' : `no data for ${missing.join(' and ')}`
  return `${subject} from Prometheus since ${since}${why}`
}

function blindness({ policy, row }: Situation): string {
  const nothing = `nothing at ${row.weight} % can be compared with stable`
  return policy.slo === undefined
    ? `${nothing}, and there is no objective to judge the canary by; promote or abort, and set analysis.slo or end the steps at a lower weight`
    : `${nothing}, and the objective has no evidence of its own here; promote or abort`
}

const because = (why: string | undefined): string => (why === undefined ? '' : ` (${why})`)

function mismatch(situation: Situation): string {
  const balance = balanceOf(situation)
  if (!balance) return 'the requests do not follow the weight'
  const { observed, lnE, lnThreshold } = balance
  return `the canary gets ${finePercent(observed)} of the requests instead of ${situation.row.weight} % (evidence ${odds(lnE)}, threshold ${odds(lnThreshold)}); either the route is not applied everywhere, or clients stick to one version, or the canary sheds load; set it right, or promote or abort`
}
