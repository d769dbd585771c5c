import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { History, Moment } from '../../analysis/backtest/index.ts'
import { Refusal } from '../failure.ts'

/**
 * History as a table: `time` (epoch seconds or ISO 8601, the beginning of a step), `requests`, `bad`, and for latency
 * one column `slower_250` per boundary: requests that took more than 250 ms. Rows are in order; times that are left out
 * are unknown. Throws `Refusal` with the line.
 */
export async function readCsv(file: string): Promise<History> {
  const lines: { line: number; cells: string[] }[] = []
  let line = 0
  try {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      line += 1
      if (text.trim() !== '') lines.push({ line, cells: text.split(/[,;\t]/).map((cell) => cell.trim()) })
    }
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const [header, ...rows] = lines
  const columns = columnsOf(file, header?.cells ?? [])
  const known = rows.map(({ line, cells }) => {
    const at = (what: string): string => `${file} line ${line}: ${what}`
    return { line, time: timeOf(cells[columns.time] ?? '', at), moment: momentOf(cells, columns, at) }
  })
  return { ...spread(file, known), boundaries: columns.slower.map(({ ms }) => ms) }
}

type Columns = { time: number; requests: number; bad: number; slower: { ms: number; place: number }[] }

function columnsOf(file: string, header: string[]): Columns {
  const place = (name: string): number => {
    const found = header.indexOf(name)
    if (found >= 0) return found
    throw new Refusal(
      `${file} needs a first line with the columns time, requests, bad and, for latency, slower_250; ${name} is missing`,
    )
  }
  const slower = header.flatMap((name, place) => {
    const ms = Number(/^slower_([\d.]+)$/.exec(name)?.[1] ?? NaN)
    return Number.isFinite(ms) ? [{ ms, place }] : []
  })
  return {
    time: place('time'),
    requests: place('requests'),
    bad: place('bad'),
    slower: slower.sort((a, b) => a.ms - b.ms),
  }
}

type At = (what: string) => string

function timeOf(text: string, at: At): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1_000
  if (Number.isFinite(seconds)) return seconds
  throw new Refusal(at(`${JSON.stringify(text)} is no time; write epoch seconds, or 2026-03-01T12:00:00Z`))
}

function momentOf(cells: string[], columns: Columns, at: At): Moment {
  const count = (place: number, what: string): number => {
    const text = cells[place] ?? ''
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw new Refusal(at(`${what} has to be a whole number from 0 on, not ${JSON.stringify(text)}`))
  }
  const n = count(columns.requests, 'requests')
  const x = count(columns.bad, 'bad')
  if (x > n) throw new Refusal(at(`${x} bad of ${n} requests`))
  const edges = [n, ...columns.slower.map(({ ms, place }) => count(place, `slower_${ms}`)), 0]
  if (columns.slower.length === 0) return { n, x, classes: [] }
  const classes = edges.slice(0, -1).map((slower, j) => slower - (edges[j + 1] ?? 0))
  if (classes.every((size) => size >= 0)) return { n, x, classes }
  throw new Refusal(at('more requests are slower than a higher boundary than than a lower one, or than there were'))
}

type Known = { line: number; time: number; moment: Moment }

/** The smallest distance is the step. */
function spread(file: string, known: Known[]): Omit<History, 'boundaries'> {
  const [first, second] = known
  if (!first || !second) throw new Refusal(`${file} has to have at least two rows`)
  const distances = known.slice(1).map(({ time, line }, i) => ({ line, distance: time - (known[i]?.time ?? time) }))
  const step = Math.min(...distances.map(({ distance }) => distance))
  const wrong = distances.find(({ distance }) => distance <= 0 || distance % step !== 0)
  if (wrong)
    throw new Refusal(
      `${file} line ${wrong.line}: times have to rise by ${step > 0 ? `multiples of ${step}` : 'equal'} seconds`,
    )
  const last = known.at(-1)?.time ?? first.time
  const moments = Array.from({ length: (last - first.time) / step + 1 }, (): Moment | undefined => undefined)
  for (const { time, moment } of known) moments[(time - first.time) / step] = moment
  return { step, from: first.time, moments }
}
