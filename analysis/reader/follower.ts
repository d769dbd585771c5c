import type { Metric, Policy } from '../../crds/policy.ts'
import type { Reading, SampleRequest } from '../sampler.ts'
import type { Batch } from './batch.ts'
import type { Client } from './client.ts'
import type { ServerClock } from './clock.ts'
import type { Pace } from './pace.ts'
import { openCounter, type Counter } from './counters.ts'
import { closeRow } from './row.ts'
import { absentTargets, forget, isComplete, openTape, type Tape } from './tape.ts'
import { look, type Family, type View } from './view.ts'

export type FollowOptions = {
  client: Client
  batch: Batch
  clock: ServerClock
  pace: Pace
  request: SampleRequest
  /** Milliseconds; undefined while nobody knows which boundaries there are. */
  boundaryOf: (metric: Extract<Metric, { kind: 'latency' }>) => Promise<number | undefined>
  signal: AbortSignal
}

/** One release's way through its rows. */
type Follower = FollowOptions & {
  tapes: Map<Family, Tape>
  boundaries: Map<string, number[]>
  counters: Counter[]
  /** Where the last counted row ends; `span` intervals are being waited for after it. */
  edge: number
  span: number
  view?: View
}

/** Intervals that a row may grow by to wait for a known target, before the silence is a gap. */
const MOST_SPAN = 3
/** Samples per series in one answer while catching up. */
const MOST_SAMPLES = 600
const LONGEST_CHUNK = 3_600

/** Closed rows in order, without holes, until the signal. */
export async function* follow(options: FollowOptions): AsyncGenerator<Reading> {
  const follower = begin(options)
  while (!options.signal.aborted) {
    const reading = await next(follower)
    if (reading && !options.signal.aborted) yield reading
  }
}

function begin(options: FollowOptions): Follower {
  const { client, batch, request } = options
  const { policy, after, startedAt } = request
  const from = Number.isFinite(startedAt) ? Math.max(after, startedAt) : after
  return {
    ...options,
    tapes: new Map(familiesOf(policy).map((family) => [family, openTape()])),
    boundaries: new Map(),
    counters: policy.metrics
      .filter((metric) => metric.kind === 'counters' || metric.kind === 'conversion')
      .map((metric) => openCounter({ client, batch, request, metric })),
    edge: Math.floor(from / policy.interval + 1e-6),
    span: 1,
  }
}

/** Pods explain where failed requests came from: they are asked for beside the requests. */
function familiesOf({ metrics }: Policy): Family[] {
  const kinds = new Set(metrics.map(({ kind }) => kind))
  const families: Family[] = kinds.has('requests') ? ['requests', 'pods'] : []
  return kinds.has('latency') ? [...families, 'latency'] : families
}

/** Undefined when the row has to grow, or the signal came. */
async function next(follower: Follower): Promise<Reading | undefined> {
  const { request, clock, signal } = follower
  const { interval } = request.policy
  const [t0, t1] = [follower.edge * interval, (follower.edge + follower.span) * interval]
  await unlessAborted(clock.compare(), signal)
  const view = await settled(follower, t0, t1)
  if (!view) return undefined
  const absent = absentIn(follower, view, t0, t1)
  const isAbsent = absent.some(([, targets]) => targets.length > 0)
  if (isAbsent && follower.span < MOST_SPAN) {
    follower.span += 1
    return undefined
  }
  for (const [tape, targets] of absent) forget(tape, targets)
  const row = closeRow({ ...follower, view, t0, t1, timeoutMs: timeoutOf(interval) })
  const reading = await unlessAborted(row, signal)
  follower.edge += follower.span
  follower.span = 1
  return reading && { ...reading, ...(isAbsent ? { gap: true } : {}) }
}

/** The look that says everything about the row: all targets have gone past its end, or the time for it is over. */
async function settled(follower: Follower, t0: number, t1: number): Promise<View | undefined> {
  const { clock, pace, signal, request } = follower
  const { interval } = request.policy
  if (!pace.knows()) await lookAt(follower, caughtUp(follower, t0, t0), t0)
  const looks = pace.looks(interval, t1)
  const final = looks.at(-1) ?? t1
  for (const time of looks) {
    if (signal.aborted) return undefined
    if (follower.view && isSettled(follower, follower.view, t1, final)) return follower.view
    if (follower.view && follower.view.at >= time) continue
    await clock.until(time, signal)
    if (signal.aborted) return undefined
    // The planned time and not the real one: all releases that look now have to ask the same question.
    const at = clock.now() > final + interval ? caughtUp(follower, t0, final) : time
    await lookAt(follower, at, t0)
  }
  return follower.view
}

/** Long behind, one answer serves many rows. */
function caughtUp({ clock, pace, request }: Follower, t0: number, least: number): number {
  const { interval } = request.policy
  const chunk = Math.min(LONGEST_CHUNK, MOST_SAMPLES * pace.scrape(interval))
  return Math.min(clock.now(), Math.max(least, t0 + chunk))
}

async function lookAt(follower: Follower, at: number, t0: number): Promise<void> {
  await learnBoundaries(follower)
  const { batch, pace, request, tapes, boundaries, signal } = follower
  const { interval } = request.policy
  const scrape = pace.scrape(interval)
  const counted = [...tapes.values()].map(({ upTo }) => upTo ?? t0)
  const since = Math.max(Math.min(t0, ...counted) - 2 * scrape, at - LONGEST_CHUNK - 4 * scrape)
  const from = Math.min(since, at - Math.max(interval + 2 * scrape, 4 * scrape))
  const { namespace, canary, baseline } = request
  const wanted = {
    namespace,
    canary,
    baseline,
    boundaries: [...new Set([...boundaries.values()].flat())],
    families: [...tapes.keys()],
  }
  const view = await unlessAborted(look({ ...wanted, batch, from, at, timeoutMs: timeoutOf(interval) }), signal)
  if (view) follower.view = view
}

function isSettled({ tapes }: Follower, view: View, t1: number, final: number): boolean {
  if (view.at >= final || view.at < t1) return view.at >= t1
  return [...tapes].every(([family, tape]) => {
    const lines = family === 'pods' ? undefined : view.families.get(family)
    return lines === undefined || (Array.isArray(lines) && isComplete(tape, lines, t1))
  })
}

const absentIn = ({ tapes }: Follower, { families }: View, t0: number, t1: number): [Tape, string[]][] =>
  [...tapes].flatMap(([family, tape]) => {
    const lines = family === 'pods' ? undefined : families.get(family)
    return Array.isArray(lines) ? [[tape, absentTargets(tape, lines, t0, t1)] satisfies [Tape, string[]]] : []
  })

async function learnBoundaries({ request, boundaries, boundaryOf, signal }: Follower): Promise<void> {
  for (const metric of request.policy.metrics) {
    if (metric.kind !== 'latency' || boundaries.has(metric.name)) continue
    const next = metric.boundariesMs ? undefined : await unlessAborted(boundaryOf(metric), signal)
    const watched = metric.boundariesMs ?? (next === undefined ? [] : [next])
    if (watched.length > 0) boundaries.set(metric.name, watched)
  }
}

/** Looks take no longer than a row, and never longer than ten seconds. */
const timeoutOf = (interval: number): number => Math.min(10_000, Math.max(1_000, interval * 1_000))

/** Undefined at once when the signal comes; what is under way ends by its own timeout. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined
  const ended = Promise.withResolvers<undefined>()
  const end = (): void => ended.resolve(undefined)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([promise, ended.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
