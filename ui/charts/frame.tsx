import type { ComponentChildren } from 'preact'
import type { Scale } from './scale.ts'
import { moments } from './scale.ts'
import { clock, clockMinutes } from '../words/times.ts'

export const MARGIN = { left: 46, right: 8, top: 8, bottom: 6 } as const
const AXIS = 18

export type FrameProps = {
  width: number
  height: number
  x: Scale
  y: Scale
  /** Values of y that are worth a line, and how they are written. */
  ticks: number[]
  unit: (value: number) => string
  /** What a reader who does not see it is told. */
  words: string
  /** The lowest chart has the times. */
  axis: boolean
  /** The moment that is pointed at. */
  at: number | undefined
  children: ComponentChildren
}

/** Paper with lines and figures; the marks come on top. */
export function Frame({ width, height, x, y, ticks, unit, words, axis, at, children }: FrameProps) {
  const times = moments(x.from, x.to, Math.max(2, Math.floor(width / 110)))
  const [top, bottom] = [y.place(y.to), y.place(y.from)]
  const time = x.to - x.from < 600_000 ? clock : clockMinutes
  return (
    <svg class="chart" width={width} height={height + (axis ? AXIS : 0)} role="img" aria-label={words}>
      {ticks.map((tick) => (
        <g key={tick}>
          <path class="rule" d={`M${MARGIN.left} ${y.place(tick)}H${width - MARGIN.right}`} />
          <text x={MARGIN.left - 8} y={y.place(tick) + 4} text-anchor="end">
            {unit(tick)}
          </text>
        </g>
      ))}
      {times.map((moment) => (
        <g key={moment}>
          <path class="rule" d={`M${x.place(moment)} ${top}V${bottom}`} />
          {axis && (
            <text x={x.place(moment)} y={height + AXIS - 6} text-anchor="middle">
              {time(moment)}
            </text>
          )}
        </g>
      ))}
      {children}
      {at !== undefined && <path class="hair" d={`M${x.place(at)} ${top}V${bottom}`} />}
    </svg>
  )
}
