import { createReach } from '../../network/reach.ts'
import type { History, Moment } from '../backtest/history.ts'
import type { Credentials } from '../sampler.ts'
import { openClient, type Client, type Series } from './client.ts'
import { openGauge, type Gauge } from './grown.ts'
import { boundaries as boundariesQuery, shownEvery, type Selection } from './queries.ts'
import { AskError, MOST_SERIES } from './refusal.ts'

export type PastOptions = {
  address: string
  credentials: Credentials
  namespace: string
  /** The Service that had the traffic. */
  service: string
  /** Epoch seconds; multiples of `step`. */
  from: number
  to: number
  /** Seconds. */
  step: number
  /** Reads durations, too: at every boundary that the histograms have. */
  withLatency: boolean
  /** Seconds that are read already, of how many. */
  onProgress: (done: number, total: number) => void
  signal?: AbortSignal
}

/** Who asks for the past calls with what he may himself. */
const WHEREVER = createReach({ refuses: 'nothing' })
const CHUNK_SECONDS = 21_600
const SMALLEST_CHUNK_SECONDS = 900
const TIMEOUT_MS = 60_000
const ATTEMPTS = 3

/**
 * What a service has done, counted exactly: every series is differenced for itself at the edges of steps, and nothing is
 * extrapolated. Read in pieces; a piece that is too large, or takes too long, is halved. Throws an Error with a sentence, whatever went wrong.
 */
export async function readPast(options: PastOptions): Promise<History> {
  const { address, credentials, namespace, service, from, to, step, withLatency, onProgress } = options
  const client = openClient(address, credentials, WHEREVER)
  const found = withLatency ? await boundariesOf(client, { namespace, services: [service], boundaries: [] }, to) : []
  const gauge = openGauge({ service, step, boundaries: found })
  const moments: (Moment | undefined)[] = []
  for (let done = from; done < to;) {
    options.signal?.throwIfAborted()
    const end = Math.min(to, done + CHUNK_SECONDS)
    moments.push(...(await readPiece(client, gauge, options, found, done, end)))
    done = end
    onProgress(done - from, to - from)
  }
  return { step, from, boundaries: found, moments }
}

async function readPiece(
  client: Client,
  gauge: Gauge,
  options: PastOptions,
  boundaries: number[],
  from: number,
  to: number,
): Promise<(Moment | undefined)[]> {
  const { namespace, service, step } = options
  const selection = { namespace, services: [service], boundaries: [] }
  const asked = [selection, ...(boundaries.length > 0 ? [{ ...selection, boundaries }] : [])]
  try {
    const answers = []
    for (const each of asked) answers.push(await ask(client, shownEvery(each, to - from, step), to))
    return gauge(answers.flat(), from, to)
  } catch (error) {
    const middle = from + Math.ceil((to - from) / 2 / step) * step
    if (!(error instanceof AskError) || error.scope === 'address' || to - from <= SMALLEST_CHUNK_SECONDS) throw error
    const first = await readPiece(client, gauge, options, boundaries, from, middle)
    return [...first, ...(await readPiece(client, gauge, options, boundaries, middle, to))]
  }
}

async function ask(client: Client, query: string, at: number): Promise<Series[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const series = await client.series({ query, at, timeoutMs: TIMEOUT_MS })
      if (series.length <= MOST_SERIES) return series
      throw new AskError(`${series.length} series answer, more than ${MOST_SERIES}`, 'question')
    } catch (error) {
      const mayPass = error instanceof AskError && error.scope === 'address' && attempt < ATTEMPTS
      if (!mayPass) throw error
    }
  }
}

async function boundariesOf(client: Client, selection: Selection, at: number): Promise<number[]> {
  const query = boundariesQuery(selection).replace('[5m]', '[1d]')
  const found = (await ask(client, query, at)).map(({ labels }) => Number(labels.le))
  return [...new Set(found.filter(Number.isFinite))].sort((a, b) => a - b)
}
