import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { behaviourFrom, parseOrder } from './behaviour.ts'
import { serveGrpc } from './grpc.ts'
import { openStreaming } from './streaming.ts'

/**
 * One service of the shop: answers on PORT, where there is one on PORT_GRPC as well, and with TLS_CERTIFICATE and TLS_KEY
 * (PEM) on PORT_TLS; it drains at SIGTERM. A path that ends in /stream is answered until somebody has had enough. On
 * PORT_CONTROL it takes orders about its behaviour, and counts what it answered, as its sidecar would.
 */
const { SERVICE = 'service', VERSION = '0', HOSTNAME = 'pod', FAIL_AT_START } = process.env
const { PORT, PORT_GRPC, PORT_TLS, PORT_CONTROL, TLS_CERTIFICATE: cert = '', TLS_KEY: key = '' } = process.env
const behaviour = behaviourFrom(process.env)
const answers = new Map<number, number>()
let ending = false

if (FAIL_AT_START) {
  console.error(`fatal: ${FAIL_AT_START}`)
  process.exit(1)
}

const streaming = openStreaming(VERSION)
const shop = [serve(Number(PORT), answer)]
if (PORT_TLS !== undefined) shop.push(listen(createSecureServer({ cert, key }, answer), Number(PORT_TLS)))
const calls =
  PORT_GRPC === undefined ? undefined : serveGrpc(Number(PORT_GRPC), { 'x-version': VERSION, 'x-pod': HOSTNAME })
const control = serve(Number(PORT_CONTROL), (request, response) =>
  request.url === '/metrics' ? tell(response) : takeOrder(request, response),
)
console.log(`${SERVICE} ${VERSION} listens on ${PORT}`)
process.once('SIGTERM', drain)

function serve(port: number, handler: (request: IncomingMessage, response: ServerResponse) => void): Server {
  return listen(createServer(handler), port)
}

function listen(server: Server, port: number): Server {
  // A proxy keeps its connections and decides when one is too old. Closed by us, they would cut off requests.
  server.keepAliveTimeout = 0
  return server.listen(port, '127.0.0.1')
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/healthz')
    return reply(response, behaviour.ready && !ending ? 200 : 503, { ready: behaviour.ready })
  if (request.url?.endsWith('/stream')) return streaming.begin(response)
  const failed = Math.random() < behaviour.errorShare
  const slow = Math.random() < behaviour.slowShare
  const body = failed ? { error: `${SERVICE} ${VERSION} could not answer` } : { service: SERVICE, version: VERSION }
  const status = failed ? behaviour.errorStatus : 200
  const send = (): void => {
    answers.set(status, (answers.get(status) ?? 0) + 1)
    reply(response, status, body)
  }
  if (slow) setTimeout(send, behaviour.slowMs)
  else send()
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-version': VERSION,
    'x-pod': HOSTNAME,
    ...(ending ? { connection: 'close' } : {}),
  })
  response.end(JSON.stringify(body))
}

function tell(response: ServerResponse): void {
  const counted = [...answers].map(
    ([status, count]) => `istio_requests_total{reporter="destination",response_code="${status}"} ${count}\n`,
  )
  const born = `process_start_time_seconds ${(performance.timeOrigin / 1_000).toFixed(3)}\n`
  response.setHeader('content-type', 'text/plain; version=0.0.4')
  response.end(`${counted.join('')}${born}`)
}

function takeOrder(request: IncomingMessage, response: ServerResponse): void {
  let text = ''
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  request.on('end', () => {
    try {
      const { exitCode, ...changes } = parseOrder(text || '{}')
      Object.assign(behaviour, changes)
      response.once('finish', () => leave(exitCode))
      reply(response, 200, behaviour)
    } catch (error) {
      reply(response, 400, { error: String(error) })
    }
  })
}

function leave(exitCode: number | undefined): void {
  if (exitCode === undefined) return
  console.error(`fatal: told to exit with ${exitCode}`)
  process.exit(exitCode)
}

/** Answers what is on its way, and ends what has no end; idle connections are closed at once. */
function drain(): void {
  ending = true
  control.close()
  control.closeAllConnections()
  streaming.endAll()
  const closed = shop.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const server of shop) server.closeIdleConnections()
  void Promise.all([...closed, calls?.close()]).then(() => process.exit(0))
}
