import type { Scale } from './scale.ts'
import { element, label } from './svg.ts'

/** Edges on paper; y grows downwards. */
export type Box = { left: number; right: number; top: number; bottom: number }

export type PanelOptions = {
  title: string
  box: Box
  x: Scale
  y: Scale
  /** How values of y are written at their lines. */
  unit: (value: number) => string
}

const ROOM_FOR_TITLE = 10

/** Frame of a chart: its title above, a line and a figure for every tick. The marks come on top. */
export function panel({ title, box, x, y, unit }: PanelOptions, ...marks: string[]): string {
  const { left, right, top, bottom } = box
  const rules = y.ticks.map((tick) => {
    const at = y.place(tick)
    const line = element('line', { class: 'rule', x1: left, x2: right, y1: at, y2: at })
    return line + label(left - 8, at + 4, unit(tick), 'figure', 'end')
  })
  const uprights = x.ticks.map((tick) =>
    element('line', { class: 'rule', x1: x.place(tick), x2: x.place(tick), y1: top, y2: bottom }),
  )
  return [label(left, top - ROOM_FOR_TITLE, title, 'title'), ...uprights, ...rules, ...marks].join('\n')
}

/** Figures of the x axis, under a box. */
export const axis = ({ bottom }: Box, x: Scale, unit: (value: number) => string): string =>
  x.ticks.map((tick) => label(x.place(tick), bottom + 18, unit(tick), 'figure', 'middle')).join('\n')
