import type { ReleaseView } from '../../api/views.ts'
import type { Explanation, MetricEvidence } from '../../crds/verdict.ts'
import { badOf, figure, odds, plural, sentence, share } from '../words/figures.ts'
import { Interval } from '../charts/interval.tsx'
import { Opinions } from './opinions.tsx'
import { Section, Wide } from './section.tsx'

type EvidenceProps = {
  release: ReleaseView
  /** What stands above it already. */
  told: string
}

/** The figures that the verdict came from. */
export function Evidence({ release: { verdict, outcome }, told }: EvidenceProps) {
  if (!verdict || verdict.row < 0) return null
  return (
    <Section kind="card evidence" title="Evidence">
      {!told.includes(verdict.sentence) && <p>{sentence(verdict.sentence)}</p>}
      <Scale verdict={verdict} over={outcome !== undefined} />
      {verdict.metrics.length > 0 && <Metrics metrics={verdict.metrics} />}
      {verdict.metrics.map((metric) => (
        <Breakdown key={metric.name} metric={metric} />
      ))}
      <Opinions verdict={verdict} />
      <p class="quiet">{dataWords(verdict)}</p>
    </Section>
  )
}

const Metrics = ({ metrics }: { metrics: MetricEvidence[] }) => (
  <Wide words="Evidence per metric">
    <table>
      <thead>
        <tr>
          <th scope="col">Metric</th>
          <th scope="col">Canary bad</th>
          <th scope="col">Stable bad</th>
          <th scope="col">Times stable, 95 %</th>
          <th scope="col">Evidence</th>
        </tr>
      </thead>
      <tbody>
        {metrics.map((metric) => (
          <Metric key={metric.name} metric={metric} />
        ))}
      </tbody>
    </table>
  </Wide>
)

/** How near the evidence is to a rollback, as odds on a logarithmic scale. */
function Scale({ verdict: { lnE, lnThreshold }, over }: { verdict: Explanation; over: boolean }) {
  const reached = Math.max(0, Math.min(1, lnE / lnThreshold))
  return (
    <div class="scale">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="channel" width="100" height="6" />
        <rect class={reached >= 1 ? 'harm' : 'water'} width={100 * reached} height="6" />
      </svg>
      <span>
        {over ? 'It stood' : 'It stands'} at <b>{odds(lnE)}</b> that the canary is worse; {odds(lnThreshold)} rolls
        back.
      </span>
    </div>
  )
}

const Metric = ({ metric: { name, n, x, ratio, lnE } }: { metric: MetricEvidence }) => (
  <tr>
    <th scope="row">{name}</th>
    <td data-of="Canary bad">{badOf([n[0], x[0]])}</td>
    <td data-of="Stable bad">{badOf([n[1], x[1]])}</td>
    <td data-of="Times stable, 95 %">
      {x[0] + x[1] === 0 ? (
        <span class="quiet">nothing bad on either side</span>
      ) : (
        <>
          <Interval {...ratio} />
          <span class="nowrap">
            {ratio.mle === null ? 'only here' : figure(ratio.mle)} ({figure(ratio.lower)}–
            {ratio.upper === null ? '∞' : figure(ratio.upper)})
          </span>
        </>
      )}
    </td>
    <td class="nowrap" data-of="Evidence">
      {odds(lnE)}
    </td>
  </tr>
)

const Breakdown = ({ metric: { name, breakdown } }: { metric: MetricEvidence }) =>
  breakdown.length === 0 ? null : (
    <details>
      <summary>Where the excess of {name} comes from</summary>
      <ul class="breakdown">
        {breakdown.map(({ by, key, n, x, shareOfExcess }) => (
          <li key={`${by} ${key}`}>
            <span class="quiet">{by}</span> <code>{key}</code> {badOf([n, x])}, {share(shareOfExcess)} of the excess
          </li>
        ))}
      </ul>
    </details>
  )

function dataWords({ data: { rowsUsed, excluded, cut }, policyHash }: Explanation): string {
  const left = excluded.warmup + excluded.gap + excluded.retreat
  return [
    `From ${plural(rowsUsed, 'interval')}`,
    left > 0 ? `${plural(left, 'interval')} left out` : '',
    cut ? `${plural(cut, 'oldest interval')} no longer kept` : '',
    `policy ${policyHash.slice(0, 10)}`,
  ]
    .filter(Boolean)
    .join(' · ')
}
