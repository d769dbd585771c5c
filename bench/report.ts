import { table } from '../cli/render.ts'

/** What a bench found. The whole goes out as one line of JSON, for machines that compare. */
export type Report = {
  /** Every limit of the issue was kept. */
  ok: boolean
  rows: Row[]
  /** Whatever else is worth keeping. */
  details?: Record<string, number | number[]>
}

export type Row = {
  /** Key in the JSON line; the unit is part of it. */
  key: string
  what: string
  value: number
  /** Kept when value ≤ limit; absent where nothing is promised. */
  limit?: number
  /** Kept when value ≥ least. */
  least?: number
  unit: string
  samples?: number[]
}

export const kept = ({ value, limit = Infinity, least = -Infinity }: Row): boolean => value <= limit && value >= least

export function printReport(bench: string, { ok, rows, details = {} }: Report): void {
  const cells = rows.map((row) => [
    kept(row) ? '✔' : '✖',
    row.what,
    `${show(row.value)} ${row.unit}`,
    promised(row),
    row.samples ? `${show(Math.min(...row.samples))} … ${show(Math.max(...row.samples))}` : '',
    row.samples ? String(row.samples.length) : '',
  ])
  console.log(table(['', 'FIGURE', 'VALUE', 'LIMIT', 'RANGE', 'N'], cells).join('\n'))
  const figures = Object.fromEntries(rows.map(({ key, value }) => [key, round(value)]))
  console.log(JSON.stringify({ bench, ok, ...figures, ...details }))
}

function promised({ limit, least, unit }: Row): string {
  if (limit !== undefined) return `≤ ${show(limit)} ${unit}`
  return least === undefined ? '' : `≥ ${show(least)} ${unit}`
}

/** Middle of an odd number of values, mean of the middle two of an even one. Throws on none. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.floor(sorted.length / 2)]
  if (low === undefined || high === undefined) throw new Error('no value was measured')
  return (low + high) / 2
}

/** The value that a share of them (0 to 1) does not exceed. Infinity for none: what was not seen was late. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Infinity
}

/** Three decimals: milliseconds of seconds. */
export const round = (value: number): number => Math.round(value * 1_000) / 1_000

const show = (value: number): string => round(value).toString()
