import type { RuleName } from '../../analysis/backtest/index.ts'
import { formatDuration } from '../../crds/duration.ts'
import { page } from '../picture/page.ts'
import { panel, type Box } from '../picture/panel.ts'
import { decades, linear, logarithmic, type Scale } from '../picture/scale.ts'
import { element, label } from '../picture/svg.ts'
import { integer } from '../render.ts'
import { headOf, type Result, type Story } from './report.ts'

const WIDTH = 960
const LEFT = 96
const RIGHT = 830
const HEIGHT = 170
const GAP = 64
const TOP = 122
const COLOURS: Record<RuleName, string> = { sluice: 'one', flagger: 'two', argo: 'three', kayenta: 'four' }
/** Between the marks of two rules at one level. */
const APART = 22

/** How often, how soon and how dear: one mark per rule and level of harm, with its 95 % interval. */
export function drawn(story: Story): string {
  const { results } = story
  const labels = [...new Set(results.map(({ harm }) => harm.label))]
  const rules = [...new Set(results.map(({ rule }) => rule))]
  const columns = { labels, rules }
  const box = (index: number): Box => {
    const top = TOP + index * (HEIGHT + GAP)
    return { left: LEFT, right: RIGHT, top, bottom: top + HEIGHT }
  }
  const last = box(2)
  return page(
    { width: WIDTH, height: last.bottom + 60, title: `Backtest of ${story.name}`, lines: headOf(story) },
    shares(results, columns, box(0)),
    times(results, columns, box(1)),
    losses(results, columns, last),
    ...labels.map((words, i) => label(placeOf(i, columns), last.bottom + 20, words, 'figure', 'middle')),
    ...rules.map((rule, i) => label(RIGHT + 20, TOP + 12 + i * 20, rule, `words-${COLOURS[rule]}`)),
  )
}

type Columns = { labels: string[]; rules: RuleName[] }

/** A value with its interval. */
type Mark = { value: number; lower: number; upper: number }

function shares(results: Result[], columns: Columns, box: Box): string {
  const y = linear({ from: 0, to: 1 }, { from: box.bottom, to: box.top }, [0, 0.25, 0.5, 0.75, 1])
  return panel(
    { title: 'Rolled back', box, x: places(columns), y, unit: (value) => `${value * 100} %` },
    ...marks(results, columns, y, ({ rolledBack: { share, lower, upper } }) => ({ value: share, lower, upper })),
  )
}

function times(results: Result[], columns: Columns, box: Box): string {
  const seconds = results.flatMap(({ secondsToRollback: spread }) => (spread ? [spread.lower, spread.upper] : []))
  const domain = { from: Math.max(1, Math.min(10, ...seconds)), to: Math.max(600, ...seconds) }
  const ticks = [1, 10, 60, 300, 1_800, 7_200, 28_800, 86_400]
  const y = logarithmic(domain, { from: box.bottom, to: box.top }, ticks)
  return panel(
    {
      title: 'Time to the rollback, median',
      box,
      x: places(columns),
      y,
      unit: (value) => formatDuration(value * 1_000),
    },
    ...marks(results, columns, y, ({ secondsToRollback: spread }) => spread && { ...spread, value: spread.median }),
  )
}

function losses(results: Result[], columns: Columns, box: Box): string {
  const domain = { from: 1, to: Math.max(100, ...results.map(({ failed }) => Math.max(failed.upper, failed.median))) }
  const y = logarithmic(domain, { from: box.bottom, to: box.top }, decades(domain))
  return panel(
    { title: 'Bad canary requests until the end, median', box, x: places(columns), y, unit: integer },
    ...marks(results, columns, y, ({ failed }) => ({ ...failed, value: failed.median })),
  )
}

function marks(results: Result[], columns: Columns, y: Scale, markOf: (result: Result) => Mark | undefined): string[] {
  return results.flatMap((result) => {
    const mark = markOf(result)
    if (!mark) return []
    const colour = COLOURS[result.rule]
    const x = placeOf(columns.labels.indexOf(result.harm.label), columns) + shiftOf(result.rule, columns)
    const interval = { class: colour, x1: x, x2: x, y1: y.place(mark.lower), y2: y.place(mark.upper) }
    return [
      element('line', interval),
      element('circle', { class: `spot spot-${colour}`, cx: x, cy: y.place(mark.value), r: 5 }),
    ]
  })
}

const placeOf = (column: number, { labels }: Columns): number =>
  LEFT + ((RIGHT - LEFT) * (column + 0.5)) / labels.length

const shiftOf = (rule: RuleName, { rules }: Columns): number => (rules.indexOf(rule) - (rules.length - 1) / 2) * APART

/** Levels stand side by side; no line between them means anything. */
const places = (columns: Columns): Scale => ({ place: (column) => placeOf(column, columns), ticks: [] })
