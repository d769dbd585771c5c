import { linear } from './scale.ts'

const WIDTH = 96
const HEIGHT = 14
/** From a quarter to eight times stable; beyond, it is bad enough. */
const DOMAIN: [number, number] = [Math.log(0.25), Math.log(8)]

type IntervalProps = { mle: number | null; lower: number; upper: number | null }

/** How many times as bad as stable: what is likely, and what is possible. The upright line is *alike*. */
export function Interval({ mle, lower, upper }: IntervalProps) {
  const x = linear(DOMAIN, [2, WIDTH - 2])
  const at = (times: number | null) => x.place(times === null ? DOMAIN[1] : Math.log(Math.max(times, 1e-9)))
  return (
    <svg class={`interval ${lower > 1 ? 'worse' : ''}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path class="rule" d={`M${at(1)} 0V${HEIGHT}`} />
      <path class="reach" d={`M${at(lower)} ${HEIGHT / 2}H${at(upper)}`} />
      {mle !== null && <circle cx={at(mle)} cy={HEIGHT / 2} r="3.5" />}
    </svg>
  )
}
