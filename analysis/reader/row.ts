import type { Metric } from '../../crds/policy.ts'
import { latencyKey } from '../evidence.ts'
import type { Reading, SampleRequest } from '../sampler.ts'
import type { Batch } from './batch.ts'
import { toldOnce } from './callers.ts'
import type { Client } from './client.ts'
import type { Counter } from './counters.ts'
import { growthsOf } from './growths.ts'
import type { Line } from './labels.ts'
import { TooManySeries } from './refusal.ts'
import { assertReadable, tallyLatency, tallyPods, tallyRequests } from './tally.ts'
import { openTape, Unusable, type Growth, type Tape } from './tape.ts'
import { valueAt } from './value.ts'
import type { Family, View } from './view.ts'

export type RowOptions = {
  client: Client
  batch: Batch
  request: SampleRequest
  tapes: Map<Family, Tape>
  /** Boundaries (milliseconds) of each latency metric that has any. */
  boundaries: Map<string, number[]>
  counters: Counter[]
  view: View
  t0: number
  t1: number
  timeoutMs: number
}

/** Says for itself what it cannot fill in, and throws Unusable or TooManySeries where that is all of it. */
type Fill = (reading: Reading) => Promise<string[]>

/** What the row (t0, t1] counts. A metric that cannot be counted is missing from it, and the reading says why. */
export async function closeRow(options: RowOptions): Promise<Reading> {
  const { tapes, t0, t1 } = options
  const reading: Reading = { t0, t1, cells: {} }
  const missing = new Set<string>()
  const fills = [...tapes].flatMap(([family, tape]) => (family === 'pods' ? [] : [istio(options, family, tape)]))
  const filled = await Promise.allSettled([...fills, ...own(options)].map((fill) => fill(reading)))
  for (const outcome of filled) for (const reason of reasonsOf(outcome, reading)) missing.add(reason)
  await addPods(options, reading)
  return missing.size > 0 ? { ...reading, missing: [...missing].join('; ') } : reading
}

function reasonsOf(outcome: PromiseSettledResult<string[]>, reading: Reading): string[] {
  if (outcome.status === 'fulfilled') return outcome.value
  const error: unknown = outcome.reason
  if (error instanceof TooManySeries) reading.tooManySeries = true
  else if (!(error instanceof Unusable)) throw error
  return [error.message]
}

const istio =
  (options: RowOptions, family: 'requests' | 'latency', tape: Tape): Fill =>
  async (reading) => {
    const { request, view, t0, t1 } = options
    const lines = view.families.get(family)
    if (lines instanceof TooManySeries) throw lines
    if (lines instanceof Error) throw new Unusable(lines.message)
    if (!lines) throw new Unusable('no histogram boundary is known at or above slowerThan')
    // The tape takes all of it: what is told twice today may be told once tomorrow, and must not look new then.
    const { lines: own, growths } = toldOnce(lines, await grownIn(options, tape, lines))
    const told = own.filter(({ samples }) => samples.some(([time]) => time > t0 && time <= t1))
    assertReadable(told, request, family === 'latency' ? 'durations' : 'requests')
    return family === 'latency' ? addLatency(reading, options, growths) : addRequests(reading, request, growths)
  }

function addRequests(reading: Reading, request: SampleRequest, growths: Growth[]): string[] {
  const { cell, classes } = tallyRequests(growths, request)
  for (const { name, kind } of request.policy.metrics) if (kind === 'requests') reading.cells[name] = [...cell]
  if (Object.keys(classes).length > 0) reading.classes = classes
  return []
}

function addLatency(reading: Reading, { request, boundaries }: RowOptions, growths: Growth[]): string[] {
  const watched = [...boundaries].flatMap(([name, own]) => own.map((boundary) => ({ name, boundary })))
  return watched.flatMap(({ name, boundary }) => {
    try {
      reading.cells[latencyKey(name, boundary)] = tallyLatency(growths, request, boundary)
      return []
    } catch (error) {
      if (error instanceof Unusable) return [error.message]
      throw error
    }
  })
}

/** Metrics in a user's own words: each fails for itself. */
function own({ batch, counters, request, view, t0, t1, timeoutMs }: RowOptions): Fill[] {
  const counted = counters.map((counter): Fill => async (reading) => {
    const cell = await named(counter.name, () => counter.cell({ view, t0, t1, timeoutMs }))
    if (counter.kind === 'counters') reading.cells[counter.name] = cell
    else reading.users = { ...reading.users, [counter.name]: cell }
    return []
  })
  const gauges = request.policy.metrics.filter(
    (metric): metric is Extract<Metric, { kind: 'gauge' }> => metric.kind === 'gauge',
  )
  const valued = gauges.map((metric): Fill => async (reading) => {
    const value = await named(metric.name, () => valueAt({ batch, request, timeoutMs }, metric, t1))
    reading.gauges = { ...reading.gauges, [metric.name]: value }
    return []
  })
  return [...counted, ...valued]
}

async function named<T>(metric: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Unusable) throw new Unusable(`${metric}: ${error.message}`)
    throw error
  }
}

/** Attribution only: what cannot be said here is left out, and begins anew with the next row. */
async function addPods(options: RowOptions, reading: Reading): Promise<void> {
  const { tapes, view } = options
  const tape = tapes.get('pods')
  const lines = view.families.get('pods')
  if (!tape || lines === undefined) return
  try {
    if (lines instanceof Error) throw new Unusable(lines.message)
    const pods = tallyPods(await grownIn(options, tape, lines))
    if (Object.keys(pods).length > 0) reading.pods = pods
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    tapes.set('pods', openTape())
  }
}

function grownIn(
  { client, request, view, t0, t1, timeoutMs }: RowOptions,
  tape: Tape,
  lines: Line[],
): Promise<Growth[]> {
  const { from, at } = view
  return growthsOf({ client, startedAt: request.startedAt, from, at, t0, t1, timeoutMs }, tape, lines)
}
