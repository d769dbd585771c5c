import type { Explanation, GaugeEvidence, PreferenceEvidence, RampEvidence } from '../../crds/verdict.ts'
import { badOf, figure, grouped, odds, sentence } from '../words/figures.ts'
import { Icon } from './icon.tsx'

/** What a verdict knows besides the comparison of counts. */
export const Opinions = ({ verdict: { gauges = [], ramp, preference, advisory } }: { verdict: Explanation }) => (
  <ul class="opinions">
    {gauges.map((gauge) => (
      <Gauge key={gauge.name} {...gauge} />
    ))}
    {ramp && <li>{rampWords(ramp)}</li>}
    {preference && <li>{preferenceWords(preference)}</li>}
    {advisory?.slo && (
      <li>
        Against the objective: {odds(advisory.slo.lnE)}; {odds(advisory.slo.lnThreshold)} would roll back.
      </li>
    )}
    {advisory?.shadow?.map(({ rule, sentence: said }) => (
      <li key={rule}>
        <span class="quiet">{rule} on the same data:</span> {sentence(said)}
      </li>
    ))}
  </ul>
)

const Gauge = ({ name, value, within, advisory }: GaugeEvidence) => (
  <li class={value !== null && !within ? 'outside' : ''}>
    <Icon name={value === null ? 'ring' : within ? 'check' : 'alert'} />
    <b>{name}</b> {value === null ? 'no data' : `${figure(value)}, ${within ? 'within its bound' : 'out of its bound'}`}
    {advisory && <span class="quiet"> (told, and decides nothing)</span>}
  </li>
)

const rampWords = ({ spent, budget, next }: RampEvidence): string =>
  `Of the error budget ${grouped(spent)} of ${grouped(budget)} are spent; ${next === null ? 'the ramp ends here' : `${next} % is next`}.`

const preferenceWords = ({ metric, a, b, lnE, winner }: PreferenceEvidence): string =>
  `${metric}: of A ${badOf([a.users, a.converted])}, of B ${badOf([b.users, b.converted])}; ${odds(lnE)} that they differ${winner === null ? '' : `, users prefer ${winner.toUpperCase()}`}.`
