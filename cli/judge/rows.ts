import type { Cell, Row } from '../../analysis/index.ts'
import { Refusal } from '../failure.ts'
import { fields, list, number, oneOf, refuse, text, truth } from './field.ts'

const FLAGS = ['warmup', 'gap', 'retreat'] as const
const COUNT = { least: 0, whole: true } as const

/** The rows of a ledger as analysis.md 1 has them. Throws `Refusal` with the place, for example `rows[3].cells.errors`. */
export function rowsFrom(value: unknown): Row[] {
  const rows = list(value, 'rows').map((row, index) => rowFrom(row, `rows[${index}]`))
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1]
    if (!before) continue
    if (row.t0 < before.t1) refuse(`rows[${index}].t0`, `${before.t1} or later, where the row before ends`, row.t0)
    if (row.slot < before.slot) refuse(`rows[${index}].slot`, `${before.slot} or more`, row.slot)
  }
  return rows
}

function rowFrom(value: unknown, at: string): Row {
  const row = fields(value, at)
  const t0 = number(row.t0, `${at}.t0`)
  const t1 = number(row.t1, `${at}.t1`)
  if (t1 <= t0) refuse(`${at}.t1`, `later than t0, ${t0}`, t1)
  const given = <Value>(key: keyof Row, read: (part: unknown, at: string) => Value): Record<string, Value> =>
    row[key] === undefined ? {} : { [key]: read(row[key], `${at}.${key}`) }
  return {
    t0,
    t1,
    weight: number(row.weight, `${at}.weight`, { least: 0, most: 100 }),
    slot: number(row.slot, `${at}.slot`, COUNT),
    ready: number(row.ready, `${at}.ready`, COUNT),
    cells: cellsFrom(row.cells, `${at}.cells`),
    ...given('flag', (flag, at) => oneOf(flag, FLAGS, at)),
    ...given('bareFor', (seconds, at) => number(seconds, at, { least: 0 })),
    ...given('pods', (pods, at) => pairsFrom(pods, at)),
    ...given('classes', (classes, at) => pairsFrom(classes, at)),
    ...given('gauges', (gauges, at) => valuesOf(gauges, at, number)),
    ...given('missing', text),
    ...onlyTrue(row, at),
  }
}

/** Marks that are there or not. */
function onlyTrue(row: Record<string, unknown>, at: string): Partial<Row> {
  const marks = ['crash', 'replaced', 'tooManySeries'] as const
  return Object.fromEntries(
    marks.filter((mark) => row[mark] !== undefined && truth(row[mark], `${at}.${mark}`)).map((mark) => [mark, true]),
  )
}

function cellsFrom(value: unknown, at: string): Record<string, Cell> {
  return valuesOf(value, at, (cell, place) => {
    const counts = list(cell, place)
    if (counts.length !== 4) refuse(place, 'four counts [nc, nb, xc, xb]', cell)
    const [nc = 0, nb = 0, xc = 0, xb = 0] = counts.map((count, i) => number(count, `${place}[${i}]`, COUNT))
    if (xc > nc || xb > nb) throw new Refusal(`${place} counts more bad events than requests: [${counts.join(', ')}]`)
    return [nc, nb, xc, xb]
  })
}

function pairsFrom(value: unknown, at: string): Record<string, [number, number]> {
  return valuesOf(value, at, (pair, place) => {
    const counts = list(pair, place)
    if (counts.length !== 2) refuse(place, 'two counts', pair)
    const [one = 0, other = 0] = counts.map((count, i) => number(count, `${place}[${i}]`, COUNT))
    return [one, other]
  })
}

const valuesOf = <Value>(
  value: unknown,
  at: string,
  read: (part: unknown, at: string) => Value,
): Record<string, Value> =>
  Object.fromEntries(Object.entries(fields(value, at)).map(([key, part]) => [key, read(part, `${at}.${key}`)]))
