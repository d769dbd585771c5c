import { Frame, MARGIN } from './frame.tsx'
import { area, line, steps, type Point } from './paths.ts'
import { linear, type Scale } from './scale.ts'
import type { WeightPoint } from './series.ts'

const HEIGHT = 104

export type Mark = { at: number; words: string; tone: 'person' | 'bad' | 'wait' }

type WeightProps = {
  points: WeightPoint[]
  marks: Mark[]
  width: number
  x: Scale
  at: number | undefined
  axis: boolean
}

/** How much of the traffic the canary had, and what moved it. */
export function Weight({ points, marks, width, x, at, axis }: WeightProps) {
  const y = linear([0, 100], [HEIGHT - MARGIN.bottom, MARGIN.top])
  const way = steps(points.map(({ at, weight }): Point => [x.place(at), y.place(weight)]))
  const floor = y.place(0)
  return (
    <Frame
      {...{ width, x, y, at, axis }}
      height={HEIGHT}
      ticks={[0, 50, 100]}
      unit={(value) => `${value} %`}
      words={weightWords(points)}
    >
      <path class="water fill" d={area(way.map(([px, py]) => ({ x: px, low: floor, high: py })))} />
      <path class="water line" d={line(way)} />
      {marks.map((mark) => (
        <g key={`${mark.at} ${mark.words}`} class={`mark ${mark.tone}`}>
          <title>{mark.words}</title>
          <path d={`M${x.place(mark.at)} ${MARGIN.top}V${floor}`} />
          <circle cx={x.place(mark.at)} cy={MARGIN.top + 1} r="3.5" />
        </g>
      ))}
    </Frame>
  )
}

export const weightAt = (points: WeightPoint[], at: number): number | undefined =>
  points.findLast((point) => point.at <= at)?.weight

const weightWords = (points: WeightPoint[]): string =>
  `Weight of the canary over time: ${
    points
      .map(({ weight }) => `${weight} %`)
      .filter((words, i, all) => words !== all[i - 1])
      .join(', ') || 'none yet'
  }`
