import { odds, ratio } from '../../analysis/index.ts'
import type { Explanation, MetricEvidence } from '../../crds/verdict.ts'
import { integer, table } from '../render.ts'
import type { ReportOptions } from './report.ts'

/** One line per metric, then where its excess comes from. */
export function metricLines({ metrics, lnE, lnThreshold, row }: Explanation, { colors }: ReportOptions): string[] {
  if (metrics.length === 0) return []
  const sorted = metrics.toSorted((a, b) => b.share - a.share)
  const total = `Evidence ${odds(lnE)} after row ${row + 1}; ${odds(lnThreshold)} rolls back.`
  return [
    colors.bold(total),
    ...table(HEADER, sorted.map(cells)),
    ...sorted.flatMap(({ name, breakdown }) =>
      breakdown.length === 0 ? [] : ['', `Excess of ${name}:`, ...parts(breakdown)],
    ),
  ]
}

const HEADER = ['METRIC', 'REQUESTS', 'BAD', 'SHARE BAD', 'TIMES STABLE (95 %)', 'EVIDENCE', 'SAYS', 'EXCESS', 'NEEDED']

const cells = ({
  name,
  n,
  x,
  rate,
  ratio: { mle, lower, upper },
  lnE,
  share,
  excess,
  needed,
}: MetricEvidence): string[] => [
  name,
  pair(n.map(integer)),
  pair(x.map(integer)),
  pair(rate.map(percent)),
  x[0] + x[1] === 0
    ? 'no bad events'
    : `${mle == null ? (x[1] === 0 ? 'only here' : '') : ratio(mle)} (${ratio(lower)}–${upper == null ? '∞' : ratio(upper)})`.trim(),
  odds(lnE),
  `${Math.round(share * 100)} %`,
  `${signed(excess.S)} ± ${figure(Math.sqrt(excess.V))}`,
  missing(needed),
]

/** What one further row like the last would have to bring. */
function missing({ badToRollback, cleanRowsToPromote }: MetricEvidence['needed']): string {
  if (badToRollback === 0) return 'reached'
  const bad = badToRollback == null ? '' : `${integer(badToRollback)} bad in a row`
  const clean = cleanRowsToPromote == null ? '' : `${integer(cleanRowsToPromote)} good rows lead on`
  return [bad, clean].filter(Boolean).join(', ')
}

const parts = (breakdown: MetricEvidence['breakdown']): string[] =>
  table(
    ['  BY', 'WHAT', 'REQUESTS', 'BAD', 'OF THE EXCESS'],
    breakdown.map(({ by, key, n, x, shareOfExcess }) => [
      `  ${by}`,
      key,
      integer(n),
      integer(x),
      `${Math.round(shareOfExcess * 100)} %`,
    ]),
  )

/** Canary first, then stable. */
const pair = ([canary = '', stable = '']: string[]): string => `${canary} : ${stable}`
const percent = (share: number): string => `${figure(share * 100)} %`
const figure = (value: number): string => `${Number(value.toPrecision(2))}`
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${figure(Math.abs(value))}`
