import { badOf, figure, plural } from '../words/figures.ts'
import { Frame, MARGIN } from './frame.tsx'
import { area, line, type Point } from './paths.ts'
import { linear, roundUp, type Scale } from './scale.ts'
import { totalOf, wilson, type Arm, type Bucket } from './series.ts'

const HEIGHT = 112
/** An axis that shows less makes a mountain of one failed request. */
const LEAST = 0.01

export type MetricProps = {
  name: string
  /** What the share is of, for who does not see it. */
  what: string
  buckets: Bucket[]
  width: number
  x: Scale
  at: number | undefined
  axis: boolean
}

/** The share of bad requests on both sides; around the canary's, what it may be in truth. A gap is no data. */
export function Metric({ name, what, buckets, width, x, at, axis }: MetricProps) {
  const y = linear([0, topOf(name, buckets)], [HEIGHT - MARGIN.bottom, MARGIN.top])
  const points = (arm: 'canary' | 'stable') =>
    buckets.map((bucket): Point | undefined => {
      const [n, bad] = bucket.metrics[name]?.[arm] ?? [0, 0]
      return n === 0 ? undefined : [x.place(middle(bucket)), y.place(bad / n)]
    })
  const band = buckets.map((bucket) => {
    const counts = bucket.metrics[name]?.canary ?? [0, 0]
    if (counts[0] === 0) return undefined
    const [low, high] = wilson(counts)
    return { x: x.place(middle(bucket)), low: y.place(low), high: y.place(high) }
  })
  return (
    <Frame
      {...{ width, x, y, at, axis }}
      height={HEIGHT}
      ticks={[0, y.to / 2, y.to]}
      unit={(value) => `${figure(value * 100)} %`}
      words={metricWords(name, what, buckets)}
    >
      {silences(name, buckets).map((silence) => (
        <Silence key={silence.from} from={x.place(silence.from)} to={x.place(silence.to)} />
      ))}
      <path class="water band" d={area(band)} />
      <path class="stone line" d={line(points('stable'))} />
      <path class="water line" d={line(points('canary'))} />
    </Frame>
  )
}

const WIDE_ENOUGH = 64

const Silence = ({ from, to }: { from: number; to: number }) => (
  <g class="silence">
    <title>no data</title>
    <rect x={from} width={to - from} y={MARGIN.top} height={HEIGHT - MARGIN.top - MARGIN.bottom} />
    {to - from > WIDE_ENOUGH && (
      <text x={(from + to) / 2} y={HEIGHT / 2 + 4} text-anchor="middle">
        no data
      </text>
    )}
  </g>
)

/** `latency:250` counts what was slower than 250 ms. */
export const labelOf = (name: string): string => name.replace(/:(\d+)$/, ' over $1 ms')

const middle = ({ from, to }: Bucket): number => (from + to) / 2

/** Where the lines are, not where the uncertainty of few requests reaches. */
function topOf(name: string, buckets: Bucket[]): number {
  const arms = buckets.flatMap(({ metrics }): Arm[] => Object.values(metrics[name] ?? {}))
  return roundUp(arms.reduce((most, [n, x]) => (n === 0 ? most : Math.max(most, x / n)), LEAST))
}

/** Stretches of time without data of the canary. */
function silences(name: string, buckets: Bucket[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  for (const { from, to, weight, metrics } of buckets) {
    const last = found.at(-1)
    if (weight === 0 || (metrics[name]?.canary[0] ?? 0) > 0) continue
    if (last?.to === from) last.to = to
    else found.push({ from, to })
  }
  return found
}

function metricWords(name: string, what: string, buckets: Bucket[]): string {
  const total = totalOf(buckets, name)
  const silent = silences(name, buckets).length
  const gaps = silent === 0 ? '' : `; ${plural(silent, 'stretch', 'stretches')} without data`
  return `${what} over time: canary ${badOf(total?.canary ?? [0, 0])}, stable ${badOf(total?.stable ?? [0, 0])}${gaps}`
}
