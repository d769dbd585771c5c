import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ReleaseView } from '../../api/views.ts'
import { clock } from '../words/times.ts'
import { FiguresTable } from './figures-table.tsx'
import { MARGIN } from './frame.tsx'
import { Legend, WeightLegend } from './legend.tsx'
import { labelOf, Metric, type MetricProps } from './metric.tsx'
import { linear } from './scale.ts'
import { bucketsOf, metricsOf, totalOf, weightsOf, type Bucket, type WeightPoint } from './series.ts'
import { Weight, weightAt, type Mark } from './weight.tsx'
import { Section } from '../parts/section.tsx'

/** More are a fur of chance: what one interval says, the table says. */
const MOST_BUCKETS = 48
const UNSEEN_WIDTH = 720

/** Weight and metrics over one time axis. */
export function Story({ release }: { release: ReleaseView }) {
  const figure = useRef<HTMLElement>(null)
  const width = useWidth(figure)
  const [at, setAt] = useState<number>()
  const buckets = useMemo(() => bucketsOf(release.rows, MOST_BUCKETS), [release.rows])
  const names = useMemo(() => metricsOf(release.rows), [release.rows])
  const weights = weightsOf(release, Math.max(Date.now(), release.rows.at(-1)?.at ?? 0))
  const x = linear(extentOf(weights, buckets), [MARGIN.left, width - MARGIN.right])
  const point = (event: PointerEvent) => {
    const { left } = (event.currentTarget as Element).getBoundingClientRect()
    const moment = x.value(event.clientX - left)
    setAt(moment < x.from || moment > x.to ? undefined : moment)
  }
  const shared = { width, x, at }
  return (
    <Section
      kind="card story"
      title="Traffic and metrics"
      aside={at !== undefined && <span class="quiet">at {clock(at)}</span>}
    >
      <figure ref={figure} onPointerMove={point} onPointerLeave={() => setAt(undefined)}>
        <WeightLegend weight={at === undefined ? release.weight : weightAt(weights, at)} />
        <Weight {...shared} points={weights} marks={marksOf(release)} axis={names.length === 0} />
        {names.map((name, index) => (
          <Part
            key={name}
            {...shared}
            name={name}
            what={shareOf(release, name)}
            buckets={buckets}
            axis={index === names.length - 1}
          />
        ))}
      </figure>
      {names.length === 0 && <p class="quiet">No metric has been read for this release.</p>}
      <FiguresTable rows={release.rows} names={names} />
    </Section>
  )
}

/** A metric under its figures: those of the moment that is pointed at, else of all of the release. */
function Part(props: MetricProps) {
  const { name, buckets, at } = props
  const pointed = at === undefined ? undefined : buckets.find(({ from, to }) => at >= from && at < to)
  const arms = at === undefined ? totalOf(buckets, name) : pointed?.metrics[name]
  return (
    <div>
      <Legend name={labelOf(name)} arms={arms} whole={at === undefined} />
      <Metric {...props} />
    </div>
  )
}

/** Of a conversion, more is better. */
const shareOf = ({ plan }: ReleaseView, name: string): string =>
  plan.steps.some((step) => step.kind === 'abTest' && step.metric === name)
    ? `Share of users who converted, ${name},`
    : `Bad share of ${labelOf(name)}`

/** What moved the release, or stopped it. */
const TONES: Record<string, Mark['tone']> = {
  GateApproved: 'person',
  Resumed: 'person',
  Aborted: 'bad',
  RolledBack: 'bad',
  Holding: 'wait',
  ApprovalNeeded: 'wait',
  Paused: 'wait',
}

const marksOf = ({ timeline }: ReleaseView): Mark[] =>
  timeline.flatMap(({ at, event, message }) => {
    const tone = TONES[event]
    return tone === undefined ? [] : [{ at: Date.parse(at), words: `${clock(Date.parse(at))} ${message}`, tone }]
  })

function extentOf(weights: WeightPoint[], buckets: Bucket[]): [number, number] {
  const moments = [...weights.map(({ at }) => at), ...buckets.flatMap(({ from, to }) => [from, to])]
  return [Math.min(...moments), Math.max(...moments)]
}

function useWidth(of: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(UNSEEN_WIDTH)
  useEffect(() => {
    if (!of.current) return undefined
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)))
    observer.observe(of.current)
    return () => observer.disconnect()
  }, [])
  return width
}
