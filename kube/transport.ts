import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { abortable } from './abort.ts'
import { apiException } from './errors.ts'

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query. */
  path: string
  body?: unknown
  contentType?: string
}

export type Transport = {
  /** Parsed answer. Throws `ApiException` on any status but 2xx, `TimeoutError` after `timeoutMs`. */
  request<T>(call: Call, timeoutMs: number): Promise<T>
  /** As `request`, for an answer that is no JSON. */
  text(call: Call, timeoutMs: number): Promise<string>
  /** Whole lines of a streamed answer, without the empty ones. Ends when the server ends it or `signal` aborts; throws when it is cut off. */
  stream(call: Call, options: StreamOptions): Promise<void>
}

type StreamOptions = {
  signal: AbortSignal
  headersWithinMs: number
  onOpen: () => void
  onLine: (line: string) => void
}

/** Long enough to spare handshakes, shorter than the 90 s after which an API server closes an idle connection. */
const IDLE_SOCKET_MS = 45_000
/** Node probes once a second after this silence and gives up after ten: a half-open connection lives 25 s at most. */
const TCP_KEEP_ALIVE_MS = 15_000

/**
 * HTTP/1.1 over kept connections, with the kubeconfig's TLS and authentication. Not client-node's own requests: those
 * open a connection per request when the cluster has a CA, and end every watch after 30 s of silence.
 */
export function createTransport(
  config: KubeConfig,
  { agent = openAgent(config), headers = {} }: LineOptions = {},
): Transport {
  const line = { ...lineTo(config, agent), headers }
  async function text(call: Call, timeoutMs: number): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await textOf(await open(line, call, signal), call)
    } catch (error) {
      throw signal.aborted ? timeoutError(call, line.base, timeoutMs) : error
    }
  }
  return {
    text,
    request: async <T>(call: Call, timeoutMs: number) => JSON.parse(await text(call, timeoutMs)) as T,
    async stream(call, { signal, headersWithinMs, onOpen, onLine }) {
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(timeoutError(call, line.base, headersWithinMs)), headersWithinMs)
      try {
        const both = AbortSignal.any([signal, late.signal])
        const response = await open(line, call, both).finally(() => clearTimeout(timer))
        if (response.statusCode !== 200) await textOf(response, call)
        onOpen()
        await eachLine(response, onLine)
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
  }
}

/** `headers`: of every request, besides its own. */
type LineOptions = { agent?: http.Agent; headers?: Record<string, string | string[]> }

/** Connections to the API server. Whoever shares them has the same cluster, and no client certificates. */
export function openAgent(config: KubeConfig): http.Agent {
  const pool = {
    keepAlive: true,
    keepAliveMsecs: TCP_KEEP_ALIVE_MS,
    timeout: IDLE_SOCKET_MS,
    scheduling: 'lifo',
  } as const
  return isSecure(config) ? new https.Agent(pool) : new http.Agent(pool)
}

const isSecure = (config: KubeConfig): boolean => config.getCurrentCluster()?.server.startsWith('https:') === true

type Line = { config: KubeConfig; base: URL; secure: boolean; proxied: boolean } & Required<LineOptions>

function lineTo(config: KubeConfig, agent: http.Agent): Omit<Line, 'headers'> {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error('no current cluster')
  const base = new URL(cluster.server)
  return { config, base, secure: isSecure(config), proxied: cluster.proxyUrl !== undefined, agent }
}

/**
 * Connections whose errors have a listener. Requests have theirs and report them; but between the end of an answer and the
 * next request a connection has none, and an abort in that moment would end the process.
 */
const HEARD = new WeakSet<Duplex>()

async function open(line: Line, call: Call, signal: AbortSignal): Promise<http.IncomingMessage> {
  const payload = call.body === undefined ? undefined : JSON.stringify(call.body)
  const headers: Record<string, string> = { accept: 'application/json, */*', 'user-agent': 'sluice' }
  if (payload !== undefined) {
    headers['content-type'] = call.contentType ?? 'application/json'
    headers['content-length'] = String(Buffer.byteLength(payload))
  }
  const options: https.RequestOptions = { method: call.method, headers, signal }
  // Also runs credential plugins, which have no timeout of their own.
  await abortable(line.config.applyToHTTPSOptions(options), signal)
  Object.assign(headers, line.headers)
  if (!line.proxied) options.agent = line.agent
  const url = new URL(line.base.pathname.replace(/\/$/, '') + call.path, line.base)
  return await new Promise((resolve, reject) => {
    const request = (line.secure ? https : http).request(url, options, resolve)
    request.on('socket', (socket) => {
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
      if (HEARD.has(socket)) return
      HEARD.add(socket)
      socket.on('error', () => undefined)
    })
    request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : named(error, call, url)))
    request.end(payload)
  })
}

async function textOf(response: http.IncomingMessage, call: Call): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const code = response.statusCode ?? 0
  if (code >= 200 && code < 300) return text
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
  throw apiException(labelOf(call), code, text, headers)
}

async function eachLine(response: http.IncomingMessage, onLine: (line: string) => void): Promise<void> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') onLine(line)
  }
}

const labelOf = (call: Call): string => `${call.method} ${call.path.split('?')[0]}`

function timeoutError(call: Call, { host }: URL, ms: number): Error {
  return new DOMException(`${labelOf(call)} at ${host}: no answer within ${ms} ms`, 'TimeoutError')
}

/** A bare `socket hang up` helps nobody: say who was asked what. The code stays, it decides about retries. */
function named(error: NodeJS.ErrnoException, call: Call, url: URL): Error {
  const words = error.message || (error.code ?? error.name)
  const wrapped = new Error(`${labelOf(call)} at ${url.host}: ${words}`, { cause: error })
  return Object.assign(wrapped, error.code === undefined ? {} : { code: error.code })
}
