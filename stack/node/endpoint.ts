import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Kube, Log } from '../../kube/index.ts'
import { describeError } from '../../kube/index.ts'
import { sendLog, type LogSource } from './log.ts'
import { METRICS_ROOT, metricsAnswer } from './metrics.ts'

export type EndpointOptions = {
  port: number
  /** Files in PEM: the node's own certificate and key, and the authority of whoever may ask. */
  certificate: string
  key: string
  authority: string
}

type Endpoint = EndpointOptions & {
  kube: Kube
  log: Log
  /** undefined when this node has no such container. */
  logOf: (pod: { namespace: string; name: string }, container: string) => LogSource | undefined
}

type Answering = Pick<Endpoint, 'kube' | 'logOf'> & { request: IncomingMessage; response: ServerResponse; url: URL }

/**
 * What the API server asks of a node: the logs of its pods, as of a kubelet, and the metrics that autoscalers go by. On
 * the loopback address, for bearers of a certificate of the stack. Rejects when the port is taken.
 */
export async function serveEndpoint({ port, log, ...options }: Endpoint): Promise<{ close(): Promise<void> }> {
  const tls = {
    cert: readFileSync(options.certificate),
    key: readFileSync(options.key),
    ca: readFileSync(options.authority),
  }
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://node')
    answer({ ...options, request, response, url }).catch((error: unknown) => {
      log.warn({ path: url.pathname, error: describeError(error) }, 'a question of the API server was not answered')
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(describeError(error))
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer({ kube, logOf, response, url }: Answering): Promise<void> {
  const [what, namespace = '', name = '', container = ''] = url.pathname.split('/').slice(1).map(decodeURIComponent)
  if (what === 'containerLogs') {
    const source = logOf({ namespace, name }, container)
    if (source) return sendLog(source, url.searchParams, response)
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`there is no container ${container} of ${name} here`)
    return
  }
  const body = url.pathname.startsWith(METRICS_ROOT) ? await metricsAnswer(kube, url.pathname) : undefined
  response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }))
}
