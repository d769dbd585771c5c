import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import { PrometheusDriver, type InstantVector, type RangeVector } from 'prometheus-query'
import { lookupBy, type Reach } from '../../network/reach.ts'
import type { Credentials } from '../sampler.ts'
import { headersOf, isCertificate, maskOf } from './signing.ts'
import { AskError, asAskError, noCertificate, refusal, type Mask } from './refusal.ts'

/** One time series; times are epoch seconds of Prometheus. `NaN` where Prometheus has no finite number. */
export type Series = { labels: Record<string, string>; samples: Sample[] }
export type Sample = [time: number, value: number]

export type Question = {
  query: string
  /** Epoch seconds at which the query is evaluated; left out, Prometheus takes its own now. */
  at?: number
  timeoutMs: number
  signal?: AbortSignal
}

/** The only door to Prometheus' HTTP API. Throws AskError with a sentence, whatever went wrong; no secret is ever in it. */
export type Client = {
  /** A single number is a series without labels. */
  series(question: Question): Promise<Series[]>
  scalar(question: Question): Promise<number>
}

const MOST_BYTES = 64 * 1024 * 1024
/** Longer ones do not fit into every proxy's request line. */
const LONG_QUERY = 2_000

type Options = ConstructorParameters<typeof PrometheusDriver>[0]

export function openClient(address: string, credentials: Credentials, reach: Reach): Client {
  const headers = headersOf(credentials)
  const { caBundle } = credentials
  const mask = maskOf(credentials, headers)
  const sockets = { keepAlive: true, lookup: lookupBy(reach) }
  const agents = {
    httpAgent: new HttpAgent(sockets),
    httpsAgent: new HttpsAgent({ ...sockets, ...(caBundle === undefined ? {} : { ca: caBundle }) }),
  }
  const isTrusting = caBundle === undefined || isCertificate(caBundle)
  const ask = async (question: Question): Promise<{ resultType: string; result: unknown }> => {
    if (!isTrusting) throw noCertificate
    const driver = new PrometheusDriver({ endpoint: address, headers, ...transport(question, agents, mask) })
    try {
      await insist(address, reach)
      return await driver.instantQuery(question.query, (question.at ?? 0) * 1_000 || Date.now())
    } catch (error) {
      throw asAskError(error, question.timeoutMs, mask)
    }
  }
  return {
    async series(question) {
      const { resultType, result } = await ask(question)
      if (resultType === 'matrix') return (result as RangeVector[]).map(fromRange)
      if (resultType === 'vector') return (result as InstantVector[]).map(fromInstant)
      if (resultType === 'scalar') return [fromScalar(result as [number, string])]
      throw new AskError(`Prometheus answered with a ${resultType} instead of series`, 'question')
    },
    async scalar(question) {
      const { resultType, result } = await ask(question)
      const value = resultType === 'scalar' ? Number((result as unknown[])[1]) : NaN
      if (Number.isFinite(value)) return value
      throw new AskError(`Prometheus answered with a ${resultType} instead of a number`, 'question')
    },
  }
}

/** What is an address already is looked up by no socket. */
async function insist(address: string, reach: Reach): Promise<void> {
  const { hostname } = new URL(address)
  if (isIP(hostname.replace(/[[\]]/g, '')) !== 0) await reach(hostname)
}

/** Redirects are not followed: headers with secrets would go wherever they point. */
function transport({ query, at, timeoutMs, signal }: Question, agents: object, mask: Mask): Partial<Options> {
  return {
    timeout: timeoutMs,
    preferPost: query.length > LONG_QUERY,
    requestInterceptor: {
      onFulfilled(config) {
        const parameters: unknown[] = [config.params, config.data]
        for (const part of parameters) if (at === undefined && part instanceof URLSearchParams) part.delete('time')
        const bounds = { maxRedirects: 0, maxContentLength: MOST_BYTES, signal: deadline(timeoutMs, signal) }
        return Object.assign(config, agents, bounds)
      },
    },
    responseInterceptor: {
      onFulfilled(response) {
        const refused = refusal(response.data, mask)
        if (refused) throw refused
        return response
      },
      onRejected(error: unknown) {
        throw asAskError(error, timeoutMs, mask)
      },
    },
  }
}

const deadline = (timeoutMs: number, signal?: AbortSignal): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])

const fromScalar = ([time, value]: [number, string]): Series => ({ labels: {}, samples: [[time, Number(value)]] })

const fromRange = ({ metric, values }: RangeVector): Series => ({
  labels: labelsOf(metric),
  samples: (values as { time: Date; value: number }[]).map(({ time, value }) => [time.getTime() / 1_000, value]),
})

const fromInstant = ({ metric, value }: InstantVector): Series => {
  const { time, value: number } = value as { time: Date; value: number }
  return { labels: labelsOf(metric), samples: [[time.getTime() / 1_000, number]] }
}

const labelsOf = ({ name, labels }: RangeVector['metric']): Record<string, string> => ({
  ...(labels as Record<string, string>),
  ...(name ? { __name__: name } : {}),
})
