import { odds } from '../../analysis/index.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { integer, table } from '../render.ts'

/** What else was looked at: the split, the ramp, gauges, the objective and the rules of other tools. */
export function opinionLines({ split, ramp, gauges = [], advisory = {}, action }: Explanation): string[] {
  const { slo, shadow = [] } = advisory
  const lines = [
    ...(split ? [['split', splitWords(split)]] : []),
    ...(ramp ? [['ramp', rampWords(ramp)]] : []),
    ...gauges.map(({ name, value, within, advisory }) => [
      name,
      `${value ?? 'no value'}, ${within ? 'within its bound' : 'beyond its bound'}${advisory ? ' (told only)' : ''}`,
    ]),
    ...(slo
      ? [['objective', `evidence ${odds(slo.lnE)} that the canary misses it, threshold ${odds(slo.lnThreshold)}`]]
      : []),
    ...shadow.map(({ rule, verdict, sentence }) => [`${rule}'s rule`, `${verdict}: ${sentence}`]),
    ...(action ? [['to do', `replace pod ${action.replacePod}`]] : []),
  ]
  return lines.length === 0 ? [] : table(['ALSO', ''], lines)
}

const splitWords = ({ lnE, lnThreshold, share: [observed, configured] }: NonNullable<Explanation['split']>): string =>
  `${share(observed)} of the requests at a weight of ${share(configured)}; evidence of a mismatch ${odds(lnE)}, threshold ${odds(lnThreshold)}`

function rampWords({
  upper,
  baselineRate,
  budget,
  spent,
  next,
  lnNonInferior,
}: NonNullable<Explanation['ramp']>): string {
  const bounds = `at most ${share(upper)} bad, stable has ${share(baselineRate)}`
  const money = `${integer(Math.round(Math.max(0, spent)))} of ${integer(budget)} failed requests spent`
  const step = next == null ? 'nothing above this weight' : `next ${next} %`
  return `${bounds}; ${money}; ${step}; evidence of being good enough ${odds(lnNonInferior)}`
}

const share = (value: number): string => `${Number((value * 100).toPrecision(3))} %`
