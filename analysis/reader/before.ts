import type { Policy } from '../../crds/policy.ts'
import type { Moment } from '../backtest/history.ts'
import { watching } from '../boundaries.ts'
import type { Before } from '../ledger.ts'
import type { BeforeRequest, LookedBack } from '../sampler.ts'
import type { Client, Series } from './client.ts'
import { openGauge } from './grown.ts'
import { openPace } from './pace.ts'
import { boundaries, durationsEvery, rawSamples, shownEvery, type Selection } from './queries.ts'
import { AskError, MOST_SERIES, type Scope } from './refusal.ts'
import { Unusable } from './tape.ts'

/** Seconds: how far back, and how often the counters are looked at there. */
const RATE = { over: 300, step: 5 }
/** Seconds. */
const LATEST = 60
const BURN = { short: 1_800, long: 21_600, step: 60 }
const LATENCY = { over: 3_600, step: 60 }
const SAMPLES = { over: 150 }
const TIMEOUT_MS = 10_000

export type LookBackOptions = { client: Client; request: BeforeRequest; now: number; signal: AbortSignal }

/**
 * What stable did before the release, under the apex's name and its own: a request has only one of them. Counters are
 * looked at at fixed moments and differenced series by series, so nothing is extrapolated: what is counted is exact, but
 * for what came between the last such moment and the end or the restart of a process. Steps that were not seen at both
 * ends are left out, and a rate is over the seconds that were seen. What Prometheus does not tell is left out.
 */
export async function lookBack(options: LookBackOptions): Promise<LookedBack> {
  try {
    return await lookedBack(options)
  } catch (error) {
    if (!(error instanceof AskError)) throw error
    const { request, signal } = options
    return { before: {}, policy: request.policy, ...(signal.aborted ? {} : { refused: error.message }) }
  }
}

async function lookedBack(options: LookBackOptions): Promise<LookedBack> {
  const { client, request, now, signal } = options
  const { namespace, apex, baseline, policy } = request
  const selection = { namespace, services: [apex, baseline], boundaries: [] }
  const [near, far] = [edgeOf(now, RATE.step), edgeOf(now, BURN.step)]
  const ask = (query: string, at: number, forgiven?: Scope[]): Promise<Series[]> =>
    seriesOrNone({ client, signal }, { query, at }, forgiven)
  const wantsDurations = policy.metrics.some((metric) => metric.kind === 'latency' && !metric.boundariesMs)
  const [recent, requests, durations, samples] = await Promise.all([
    // The smallest question: a Prometheus that is too slow for this one tells nothing about the release, either.
    ask(shownEvery(selection, RATE.over + RATE.step, RATE.step), near, ['question']),
    ask(shownEvery(selection, BURN.long + BURN.step, BURN.step), far),
    wantsDurations ? ask(durationsEvery(selection, LATENCY.over + LATENCY.step, LATENCY.step), far) : [],
    ask(rawSamples([selection], SAMPLES.over), now),
  ])
  const burn = burnOf(requests, far)
  const rate = rateOf(recent, near)
  const scrape = scrapeOf(samples, policy.interval)
  return {
    ...(scrape === undefined ? {} : { scrape }),
    before: { ...(rate === undefined ? {} : { rate }), ...(burn ? { burn } : {}) },
    policy: wantsDurations ? await bounded(options, selection, [...requests, ...durations], far) : policy,
  }
}

const edgeOf = (now: number, step: number): number => Math.floor(now / step) * step

/** None where the question fails in a way that is forgiven: what is wrong with it is told by the looks that follow. */
async function seriesOrNone(
  { client, signal }: Pick<LookBackOptions, 'client' | 'signal'>,
  question: { query: string; at?: number },
  forgiven: Scope[] = ['question', 'moment'],
): Promise<Series[]> {
  try {
    const series = await client.series({ ...question, timeoutMs: TIMEOUT_MS, signal })
    return series.length > MOST_SERIES ? [] : series
  } catch (error) {
    if (error instanceof AskError && forgiven.includes(error.scope)) return []
    throw error
  }
}

type Past = { to: number; over: number; step: number; boundaries?: number[] }

/** Steps in order; none where series contradict each other. The step before them is where each series has its base. */
function momentsOf(series: Series[], { to, over, step, boundaries: watched = [] }: Past): (Moment | undefined)[] {
  try {
    const gauge = openGauge({ service: 'any', step, boundaries: watched })
    gauge(series, to - over - step, to - over)
    return gauge(series, to - over, to)
  } catch (error) {
    if (error instanceof AskError || error instanceof Unusable) return []
    throw error
  }
}

function scrapeOf(samples: Series[], interval: number): number | undefined {
  const pace = openPace()
  pace.learn(samples)
  return pace.knows() ? pace.scrape(interval) : undefined
}

/**
 * Over five minutes, or over the last one where that is more: shortly after another release a part of the five minutes'
 * requests went to a revision that is gone, and too low a rate makes the first rung too high.
 */
function rateOf(series: Series[], to: number): number | undefined {
  const moments = momentsOf(series, { to, ...RATE })
  const rates = [moments, moments.slice(-LATEST / RATE.step)].flatMap((part) => {
    const known = part.filter((moment) => moment !== undefined)
    return known.length === 0 ? [] : [known.reduce((sum, { n }) => sum + n, 0) / (known.length * RATE.step)]
  })
  return rates.length === 0 ? undefined : Math.max(...rates)
}

function burnOf(series: Series[], to: number): Before['burn'] {
  const moments = momentsOf(series, { to, over: BURN.long, step: BURN.step })
  if (moments.every((moment) => moment === undefined)) return undefined
  const sum = (part: (Moment | undefined)[]): [number, number] =>
    part.reduce<[number, number]>(([n, x], moment) => [n + (moment?.n ?? 0), x + (moment?.x ?? 0)], [0, 0])
  return { short: sum(moments.slice(-BURN.short / BURN.step)), long: sum(moments) }
}

/** The policy with what its latency metrics watch; open where histograms have nothing high enough. */
async function bounded(options: LookBackOptions, selection: Selection, series: Series[], to: number): Promise<Policy> {
  const { policy } = options.request
  const past = series.map(({ labels }) => Number(labels.le)).filter(Number.isFinite)
  const existing = past.length > 0 ? rising(past) : await existingNow(options, selection)
  return watching(policy, { existing, slowerShare: sharesOf(series, existing, to) })
}

async function existingNow(options: LookBackOptions, { services, ...selection }: Selection): Promise<number[]> {
  const query = boundaries({ ...selection, services: [...services, options.request.canary] })
  return rising((await seriesOrNone(options, { query })).map(({ labels }) => Number(labels.le)))
}

const rising = (values: number[]): number[] => [...new Set(values)].filter(Number.isFinite).sort((a, b) => a - b)

function sharesOf(series: Series[], existing: number[], to: number): (boundaryMs: number) => number | undefined {
  const moments = momentsOf(series, { to, over: LATENCY.over, step: LATENCY.step, boundaries: existing })
  const known = moments.filter((moment) => moment !== undefined)
  const counts = Array.from({ length: existing.length + 1 }, (_, j) =>
    known.reduce((sum, { classes }) => sum + (classes[j] ?? 0), 0),
  )
  const total = counts.reduce((sum, count) => sum + count, 0)
  return (boundaryMs) => {
    const place = existing.indexOf(boundaryMs)
    const slower = counts.slice(place + 1).reduce((sum, count) => sum + count, 0)
    return place < 0 || total === 0 ? undefined : slower / total
  }
}
