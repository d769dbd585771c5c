import { judge, ratioInterval, type Cell, type Ledger, type Row } from '../../analysis/index.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { page } from '../picture/page.ts'
import { axis, panel, type Box } from '../picture/panel.ts'
import { decades, linear, logarithmic, moments, type Scale } from '../picture/scale.ts'
import { band, element, label, polyline, steps, type Point } from '../picture/svg.ts'
import { wrap } from '../render.ts'
import { traceOf } from '../trace.ts'

const WIDTH = 960
const LEFT = 96
const RIGHT = 872
const CHARACTERS = 122
const LINE = 18
/** Lines of the sentence end above it. */
const TOP = 100

/** Evidence, ratio and weight of one ledger over time, as SVG. The ledger needs a row. */
export function picture(ledger: Ledger): string {
  const { rows } = ledger
  const verdict = judge({ ledger })
  // Odds stay together.
  const lines = wrap(verdict.sentence.replaceAll(' : ', '\u00a0:\u00a0'), CHARACTERS)
  const top = TOP + lines.length * LINE
  const time = { from: rows[0]?.t0 ?? 0, to: rows.at(-1)?.t1 ?? 1 }
  const x = linear(time, { from: LEFT, to: RIGHT }, moments(time))
  const box = (from: number, height: number): Box => ({
    left: LEFT,
    right: RIGHT,
    top: top + from,
    bottom: top + from + height,
  })
  const boxes = { evidence: box(0, 190), ratio: box(240, 160), weight: box(450, 90) }
  return page(
    { width: WIDTH, height: top + 590, title: `${ledger.canary} against ${ledger.baseline}`, lines },
    evidence(ledger, boxes.evidence, x),
    ratio(ledger, verdict, boxes.ratio, x),
    weight(rows, boxes.weight, x),
    decided(ledger, verdict, [boxes.evidence, boxes.ratio, boxes.weight], x),
    axis(boxes.weight, x, (seconds) => clock(seconds, time.to - time.from)),
  )
}

/** Odds are drawn as logarithms: equal steps are equal factors of evidence. */
function evidence(ledger: Ledger, box: Box, x: Scale): string {
  const trace = traceOf(ledger)
  const threshold = Math.log(1 / ledger.policy.falseRollback)
  const domain = {
    from: Math.max(-30, Math.min(-2, ...trace)),
    to: Math.min(60, Math.max(threshold * 1.25, ...trace)),
  }
  const powers = decades({ from: Math.exp(domain.from), to: Math.exp(domain.to) })
  const y = linear(domain, { from: box.bottom, to: box.top }, powers.map(Math.log))
  const line = y.place(threshold)
  const points = ledger.rows.map((row, i): Point => [x.place(row.t1), y.place(trace[i] ?? 0)])
  return panel(
    { title: 'Evidence that the canary is worse', box, x, y, unit: odds },
    element('line', { class: 'dashed', x1: LEFT, x2: RIGHT, y1: line, y2: line }),
    label(RIGHT + 6, line + 4, 'rollback', 'note'),
    polyline([[x.place(ledger.rows[0]?.t0 ?? 0), y.place(0)], ...points], 'one'),
  )
}

const MOST_INTERVALS = 240

/** How many times as bad as stable, with 95 % interval, after every row: of the metric that speaks loudest. */
function ratio(ledger: Ledger, { metrics }: Explanation, box: Box, x: Scale): string {
  const loudest = metrics.toSorted((a, b) => b.share - a.share)[0]
  if (!loudest) return ''
  const domain = { from: 0.1, to: 100 }
  const y = logarithmic(domain, { from: box.bottom, to: box.top }, decades(domain))
  const known = intervals(ledger, keyOf(ledger, loudest.name))
  const at = (value: (found: Known) => number): Point[] =>
    known.map((found) => [x.place(found.t1), y.place(value(found))])
  const alike = y.place(1)
  return panel(
    { title: `${loudest.name}, canary : stable, with 95 % interval`, box, x, y, unit: (value) => `${value}×` },
    element('line', { class: 'line', x1: LEFT, x2: RIGHT, y1: alike, y2: alike }),
    label(RIGHT + 6, alike + 4, 'alike', 'note'),
    band(
      at(({ upper }) => upper),
      at(({ lower }) => lower),
      'band',
    ),
    polyline(
      at(({ mle }) => mle ?? 1),
      'one',
    ),
  )
}

type Known = ReturnType<typeof ratioInterval> & { t1: number }

function intervals({ rows, policy }: Ledger, key: string): Known[] {
  const every = Math.ceil(rows.length / MOST_INTERVALS)
  const cells: Cell[] = []
  return rows.flatMap((row, i): Known[] => {
    const cell = row.flag === undefined ? row.cells[key] : undefined
    if (cell) cells.push(cell)
    if (i % every !== 0 && i !== rows.length - 1) return []
    const found = ratioInterval({ rows: cells, alpha: 0.05, lo: 0.01, hi: 100, k: 129, phi: policy.burst })
    return found.mle === undefined ? [] : [{ ...found, t1: row.t1 }]
  })
}

/** A metric's column of cells; of latency the first boundary. */
const keyOf = ({ rows }: Ledger, name: string): string =>
  rows.flatMap(({ cells }) => Object.keys(cells)).find((key) => key === name || key.startsWith(`${name}:`)) ?? name

function weight(rows: Row[], box: Box, x: Scale): string {
  const y = linear({ from: 0, to: 100 }, { from: box.bottom, to: box.top }, [0, 50, 100])
  const last = rows.at(-1)
  const points = rows.map((row): Point => [x.place(row.t0), y.place(row.weight)])
  const line = steps([...points, ...(last ? [[x.place(last.t1), y.place(last.weight)] as Point] : [])])
  const floor = line.map(([at]): Point => [at, box.bottom])
  return panel(
    { title: 'Weight of the canary', box, x, y, unit: (value) => `${value} %` },
    band(line, floor, 'area'),
    polyline(line, 'three'),
    last ? label(RIGHT + 6, y.place(last.weight) + 4, `${last.weight} %`, 'note') : '',
  )
}

/** One line through all panels where the verdict fell. */
function decided(ledger: Ledger, { verdict, at }: Explanation, boxes: Box[], x: Scale): string {
  if (verdict !== 'rollback' && verdict !== 'retreat') return ''
  const place = x.place(at)
  const said = label(
    place,
    (boxes[0]?.top ?? 0) - 6,
    verdict === 'rollback' ? 'rolled back' : 'retreats',
    'note',
    place > WIDTH / 2 ? 'end' : 'start',
  )
  const lines = boxes.map(({ top, bottom }) =>
    element('line', { class: 'dashed', x1: place, x2: place, y1: top, y2: bottom }),
  )
  return [...lines, said].join('\n')
}

function odds(lnE: number): string {
  const power = Math.round(lnE / Math.LN10)
  if (power >= 0) return power <= 4 ? `${10 ** power} : 1` : `10${raised(power)} : 1`
  return power >= -4 ? `1 : ${10 ** -power}` : `1 : 10${raised(-power)}`
}

const raised = (power: number): string => `${power}`.replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)))

/** Time of day in UTC; of days, with the day. */
function clock(seconds: number, span: number): string {
  const text = new Date(seconds * 1_000).toISOString()
  if (span > 86_400) return text.slice(5, 16).replace('T', ' ')
  return span > 600 ? text.slice(11, 16) : text.slice(11, 19)
}
