import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'

/** Undefined when all is well, otherwise a sentence that says what is not. */
export type Probe = () => string | undefined | Promise<string | undefined>

export type HealthOptions = {
  /** 0 picks a free one. */
  port: number
  /** Default: all interfaces, because kubelet and Prometheus come from outside the pod. */
  host?: string
  /** `/healthz`: failing it for long restarts the process. */
  live: Record<string, Probe>
  /** `/readyz` */
  ready: Record<string, Probe>
  /** Said by `/readyz` besides, for people. */
  facts?: Record<string, () => string | undefined>
  /** Answers what is asked besides; false: it does not know it either. */
  others?: (request: IncomingMessage, response: ServerResponse) => boolean
  metrics: Pick<Metrics, 'content' | 'contentType'>
}

export type HealthServer = { port: number; close(): Promise<void> }

const PROBE_TIMEOUT_MS = 5_000

/** Serves `/healthz`, `/readyz` and `/metrics`. Rejects when the port is taken. */
export async function startHealthServer({ port, host = '0.0.0.0', live, ready, facts = {}, ...rest }: HealthOptions) {
  const { metrics, others } = rest
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') void answer(response, live)
    else if (path === '/readyz') void answer(response, ready, facts)
    else if (path === '/metrics') void expose(response, metrics)
    else if (!others?.(request, response)) response.writeHead(404).end()
  })
  await once(server.listen(port, host), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  } satisfies HealthServer
}

async function answer(
  response: ServerResponse,
  probes: Record<string, Probe>,
  facts: NonNullable<HealthOptions['facts']> = {},
): Promise<void> {
  const results = await Promise.all(Object.entries(probes).map(([name, probe]) => ask(name, probe)))
  const well = results.every(({ trouble }) => trouble === undefined)
  response.writeHead(well ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' })
  const told = Object.entries(facts).flatMap(([name, tell]) => tell()?.replace(/^/, `${name}: `) ?? [])
  response.end([...results.map(({ name, trouble }) => `${name}: ${trouble ?? 'ok'}`), ...told, ''].join('\n'))
}

async function ask(name: string, probe: Probe): Promise<{ name: string; trouble: string | undefined }> {
  const { promise: late, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(resolve, PROBE_TIMEOUT_MS, `no answer within ${PROBE_TIMEOUT_MS / 1000} s`)
  try {
    return { name, trouble: await Promise.race([probe(), late]) }
  } catch (error) {
    return { name, trouble: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

async function expose(response: ServerResponse, { content, contentType }: HealthOptions['metrics']): Promise<void> {
  try {
    const text = await content()
    response.writeHead(200, { 'content-type': contentType }).end(text)
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
  }
}
