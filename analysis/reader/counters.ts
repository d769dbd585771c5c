import type { Metric } from '../../crds/policy.ts'
import type { Cell } from '../cell.ts'
import type { SampleRequest } from '../sampler.ts'
import type { Batch } from './batch.ts'
import type { Client } from './client.ts'
import { growthsOf } from './growths.ts'
import { lineOf, replicaLabel, type Line } from './labels.ts'
import { openPace } from './pace.ts'
import { filled, ranged, type Arm } from './promql.ts'
import { AskError, MOST_SERIES, TooManySeries } from './refusal.ts'
import { openTape, Unusable } from './tape.ts'
import type { View } from './view.ts'

/** A user's own pair of counters, read and differenced like Istio's. */
export type CounterMetric = Extract<Metric, { kind: 'counters' | 'conversion' }>

export type Counter = {
  name: string
  kind: CounterMetric['kind']
  /** Throws Unusable or TooManySeries. Rows in order. */
  cell(row: { view: View; t0: number; t1: number; timeoutMs: number }): Promise<Cell>
}

export type CounterOptions = { client: Client; batch: Batch; request: SampleRequest; metric: CounterMetric }

type Field = 'total' | 'part'
type Part = { arm: Arm; field: Field; selector: string }
/** What one question found; a series may be found by several. */
type Found = Part & { lines: Line[] }

const PARTS = (['canary', 'baseline'] as const).flatMap((arm) =>
  (['total', 'part'] as const).map((field) => ({ arm, field })),
)
/** Applications are scraped at a pace of their own, which is not known before the first answer; seconds. */
const SLOWEST_SCRAPE = 60

export function openCounter({ client, batch, request, metric }: CounterOptions): Counter {
  const tape = openTape()
  const pace = openPace()
  const queries: Record<Field, string> = {
    total: metric.total,
    part: metric.kind === 'counters' ? metric.bad : metric.converted,
  }
  const parts = PARTS.map((part) => ({ ...part, selector: filled(queries[part.field], request, part.arm) }))
  const scrape = (): number => (pace.knows() ? pace.scrape(request.policy.interval) : SLOWEST_SCRAPE)
  let known: { view: View; from: number; found: Found[] } | undefined
  const look = async (view: View, t0: number, timeoutMs: number): Promise<Found[]> => {
    const from = Math.min(view.from, (tape.upTo ?? t0) - 4 * scrape())
    const ask = async ({ selector }: Part): Promise<Line[]> => {
      const series = await batch.own({ query: ranged(selector, view.at - from), at: view.at, timeoutMs })
      return series.map(lineOf)
    }
    const answers = await Promise.allSettled(parts.map(ask))
    const found = parts.map((part, i) => ({ ...part, lines: linesOf(fieldOf(metric, part), answers[i]) }))
    pace.learn(found.flatMap(({ lines }) => lines))
    known = { view, from, found }
    return found
  }
  return {
    name: metric.name,
    kind: metric.kind,
    async cell({ view, t0, t1, timeoutMs }) {
      const found = known?.view === view ? known.found : await look(view, t0, timeoutMs)
      const lines = merged(found)
      if (lines.length > MOST_SERIES) throw new TooManySeries(lines.length)
      const asked = { client, startedAt: request.startedAt, from: known?.from ?? t0, at: view.at, timeoutMs }
      const growths = await growthsOf({ ...asked, t0, t1 }, tape, lines)
      assertAnswered(metric, found, t1, Math.max(request.policy.interval, 2 * scrape()))
      const grown = new Map(growths.map(({ identity, amount }) => [identity, amount]))
      return cellOf(metric, found, grown)
    },
  }
}

/** As the user wrote it. */
const fieldOf = ({ kind }: CounterMetric, { field }: Part): string =>
  `${kind}.${field === 'total' ? 'total' : kind === 'counters' ? 'bad' : 'converted'}`

function linesOf(field: string, answer: PromiseSettledResult<Line[]> | undefined): Line[] {
  if (answer?.status === 'fulfilled') return answer.value
  const error: unknown = answer?.reason
  if (!(error instanceof AskError)) throw error
  throw new Unusable(`${field}: ${error.message}`)
}

/** Each series once, as the question saw it that saw most of it: they are answered one after the other. */
function merged(found: readonly Found[]): Line[] {
  const lines = new Map<string, Line>()
  for (const line of found.flatMap((part) => part.lines)) {
    const newest = lines.get(line.identity)?.samples.at(-1)?.[0] ?? -Infinity
    if ((line.samples.at(-1)?.[0] ?? -Infinity) > newest) lines.set(line.identity, line)
  }
  return [...lines.values()]
}

/**
 * Throws Unusable unless both arms count and can be told apart. A bad counter without series is 0: most appear with the
 * first event. `patience`: seconds without a sample after which nobody knows what an arm counts.
 */
function assertAnswered(metric: CounterMetric, found: readonly Found[], t1: number, patience: number): void {
  const replica = replicaLabel(merged(found))
  if (replica !== undefined) throw new Unusable(`two replicas of Prometheus answer at once (label ${replica})`)
  for (const part of found.filter(({ field }) => field === 'total')) {
    const { selector, lines } = part
    const field = fieldOf(metric, part)
    const times = lines.flatMap(({ samples }) => samples.map(([time]) => time)).filter((time) => time <= t1)
    if (times.length === 0) throw new Unusable(`${field}: no series answers to ${selector}`)
    if (Math.max(...times) <= t1 - patience) throw new Unusable(`${field}: ${selector} has no new samples`)
  }
  const [ours = [], theirs = []] = (['canary', 'baseline'] as const).map((arm) =>
    found.filter((part) => part.arm === arm).flatMap(({ lines }) => lines),
  )
  const identities = new Set(theirs.map(({ identity }) => identity))
  const both = ours.find(({ identity }) => identities.has(identity))
  if (!both) return
  const labels = Object.keys(both.labels).filter((label) => label !== '__name__')
  throw new Unusable(`one series answers for canary and stable: none of ${labels.sort().join(', ')} tells them apart`)
}

function cellOf({ kind }: CounterMetric, found: readonly Found[], grown: Map<string, number>): Cell {
  const sum = (arm: Arm, field: Field): number => {
    const part = found.find((one) => one.arm === arm && one.field === field)
    return (part?.lines ?? []).reduce((total, { identity }) => total + (grown.get(identity) ?? 0), 0)
  }
  const [nc, nb, xc, xb] = [
    sum('canary', 'total'),
    sum('baseline', 'total'),
    sum('canary', 'part'),
    sum('baseline', 'part'),
  ]
  // Who came earlier may convert now.
  if (kind === 'counters' && (xc > nc || xb > nb)) throw new Unusable('counters.bad counted more than counters.total')
  return [nc, nb, xc, xb]
}
