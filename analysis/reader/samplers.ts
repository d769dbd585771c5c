import { createHash } from 'node:crypto'
import type { Metric } from '../../crds/policy.ts'
import { createReach, type Reach } from '../../network/reach.ts'
import type { Source } from '../ledger.ts'
import type { Credentials, SampleRequest, Sampler, Samplers } from '../sampler.ts'
import { openBatch } from './batch.ts'
import { lookBack } from './before.ts'
import { openClient, type Client } from './client.ts'
import { openServerClock, systemClock, type Clock } from './clock.ts'
import { follow } from './follower.ts'
import { openPace } from './pace.ts'
import { filled, ranged } from './promql.ts'
import { boundaries, rawSamples } from './queries.ts'
import { AskError } from './refusal.ts'
import { streamsTo } from './streams.ts'

type Options = { clock?: Clock; reach?: Reach }

const NO_METADATA = createReach({ refuses: 'metadata' })
const MOST_SAMPLERS = 64
const TIMEOUT_MS = 2_000

/** One sampler per Prometheus and credentials. `clock` is the local one. `reach`: default: whoever does not tell machines their secrets. */
export function createSamplers({ clock = systemClock, reach = NO_METADATA }: Options = {}): Samplers {
  const samplers = new Map<string, Sampler>()
  return (address, credentials) => {
    const key = digest(address, credentials)
    const sampler = samplers.get(key) ?? createSampler(openClient(address, credentials, reach), clock)
    // The one asked for last is the last to go: rotated credentials leave samplers behind that nobody asks for.
    samplers.delete(key)
    samplers.set(key, sampler)
    for (const oldest of samplers.keys()) if (samplers.size > MOST_SAMPLERS) samplers.delete(oldest)
    return sampler
  }
}

function createSampler(client: Client, localClock: Clock): Sampler {
  const clock = openServerClock(client, localClock)
  const pace = openPace()
  const batch = openBatch(client, (series) => pace.learn(series))
  const boundary = (request: SampleRequest, slowerThanMs: number): Promise<number | undefined> =>
    nextBoundary(client, request, slowerThanMs)
  return {
    sources,
    async before(request, signal) {
      await clock.compare()
      return lookBack({ client, request, now: clock.now(), signal })
    },
    streams: (request, signal) => streamsTo(client, request, signal),
    read: (request, signal) =>
      follow({
        client,
        batch,
        clock,
        pace,
        request,
        boundaryOf: ({ slowerThanMs }) => boundary(request, slowerThanMs),
        signal,
      }),
  }
}

async function nextBoundary(client: Client, request: SampleRequest, atLeast: number): Promise<number | undefined> {
  const { namespace, canary, baseline } = request
  const query = boundaries({ namespace, services: [canary, baseline], boundaries: [] })
  try {
    const series = await client.series({ query, timeoutMs: TIMEOUT_MS })
    const existing = series.map(({ labels }) => Number(labels.le)).filter((le) => Number.isFinite(le) && le >= atLeast)
    return existing.length === 0 ? undefined : Math.min(...existing)
  } catch (error) {
    if (error instanceof AskError) return undefined
    throw error
  }
}

function sources(request: SampleRequest): Source[] {
  const window = `${request.policy.interval}s`
  return request.policy.metrics.map((metric) =>
    metric.kind === 'gauge'
      ? { metric: metric.name, query: filled(metric.query, request, 'canary'), window: 'at the end of the row' }
      : { metric: metric.name, query: queryOf(metric, request), window },
  )
}

/** As it is asked for; counters once more for stable. */
function queryOf(metric: Exclude<Metric, { kind: 'gauge' }>, request: SampleRequest): string {
  const { namespace, canary, baseline, policy } = request
  if (metric.kind === 'counters' || metric.kind === 'conversion') {
    const part = metric.kind === 'counters' ? metric.bad : metric.converted
    const [some, total] = [part, metric.total].map((text) => ranged(filled(text, request, 'canary'), policy.interval))
    return `${some} of ${total}`
  }
  const asked = metric.kind === 'latency' ? (metric.boundariesMs ?? [metric.slowerThanMs]) : []
  return rawSamples([{ namespace, services: [baseline, canary], boundaries: asked }], policy.interval)
}

/** Secrets are no map keys. */
const digest = (address: string, credentials: Credentials): string =>
  createHash('sha256')
    .update(JSON.stringify([address, credentials]))
    .digest('hex')
