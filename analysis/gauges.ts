import type { Bounds, Metric, Policy } from '../crds/policy.ts'
import type { GaugeEvidence } from '../crds/verdict.ts'
import { conditionOf, unjudgeable } from './condition.ts'
import { rounded } from './figures.ts'
import type { Ledger, Row } from './ledger.ts'

/** A gauge with its bounds laid out. */
export type Gauge = {
  name: string
  advisory: boolean
  /** Undefined where nobody can tell: no value, or an expression that cannot be evaluated. */
  isWithin(row: Row): boolean | undefined
  /** Why nobody can tell although there is a value. */
  refusal(row: Row): string | undefined
  /** What the bounds are, as a person reads them. */
  bounds: string
}

export function openGauges({ metrics }: Policy): Gauge[] {
  return metrics.filter((metric) => metric.kind === 'gauge').map(openGauge)
}

/** Gauges that decide. */
export const hardOnes = (gauges: Gauge[]): Gauge[] => gauges.filter(({ advisory }) => !advisory)

/** The first hard gauge that was outside its bounds in two rows one after the other; rows of the warm-up stand aside. */
export function brokenBound(gauges: Gauge[], rows: Row[], index: number): Gauge | undefined {
  const hard = hardOnes(gauges)
  const row = rows[index]
  const broken = row && row.flag === undefined ? outsideAt(hard, row) : []
  if (broken.length === 0) return undefined
  const before = rowBefore(rows, index)
  return before && outsideAt(broken, before)[0]
}

/** The row that the one of that index goes on from, at the same weight; undefined where there was a gap. */
function rowBefore(rows: Row[], index: number): Row | undefined {
  for (let i = index - 1; i >= 0; i--) {
    const [row, next] = [rows[i], rows[i + 1]]
    if (row?.slot !== next?.slot || row?.t1 !== next?.t0) return undefined
    if (row?.flag !== 'warmup') return row?.flag === undefined ? row : undefined
  }
  return undefined
}

/** Those that are outside their bounds at one row. */
export const outsideAt = (gauges: Gauge[], row: Row): Gauge[] =>
  gauges.filter((gauge) => row.weight > 0 && gauge.isWithin(row) === false)

/** `queue is 101, outside its bound (at most 100)` */
export function outsideWords({ name, bounds, advisory }: Gauge, row: Row): string {
  const value = Number((row.gauges?.[name] ?? NaN).toPrecision(6))
  return `${name} is ${value}, outside its bound (${bounds}${advisory ? ', advisory' : ''})`
}

/** All gauges at one row; without a value a gauge is not within. */
export function gaugesAt(ledger: Ledger, gauges: Gauge[], row: Row): GaugeEvidence[] {
  return gauges.map((gauge) => {
    const value = row.gauges?.[gauge.name]
    return {
      name: gauge.name,
      value: value === undefined ? null : rounded(value),
      within: gauge.isWithin(row) ?? false,
      advisory: gauge.advisory,
      query: ledger.sources.find(({ metric }) => metric === gauge.name)?.query ?? '',
    }
  })
}

function openGauge({ name, bounds, advisory }: Extract<Metric, { kind: 'gauge' }>): Gauge {
  const { max = Infinity, min = -Infinity, cel } = bounds
  const condition = cel === undefined ? undefined : conditionOf(cel)
  return {
    name,
    advisory,
    isWithin(row) {
      const value = row.gauges?.[name]
      if (value === undefined) return undefined
      if (value > max || value < min) return false
      const holds = condition?.(value)
      return typeof holds === 'string' ? undefined : (holds ?? true)
    },
    refusal(row) {
      const value = row.gauges?.[name]
      const holds = value === undefined ? undefined : condition?.(value)
      return typeof holds === 'string' ? unjudgeable(name, holds) : undefined
    },
    bounds: wordsOf(bounds),
  }
}

function wordsOf({ max, min, cel }: Bounds): string {
  const words = [
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(cel === undefined ? [] : [cel]),
  ]
  return words.join(' and ')
}
