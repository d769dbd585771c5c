import { once } from 'node:events'
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { certificateFor } from '../stage/certificate.ts'

/** What somebody asked, and showed. `body`: its bytes as text, in which names and sentences can be read. */
export type Call = { path: string; body: string; person?: string | undefined; authorization?: string | undefined }

/** What gRPC says instead of an answer; `code` is one of its own. */
export type Refusal = { code: number; message: string }

/** Answers every call with an empty message, as gRPC over TLS, and remembers it. Leaving its scope ends it. */
export type Frontend = AsyncDisposable & { address: string; certificate: string; calls: Call[] }

/** `admits`: PEM; only who shows this certificate gets in. */
type Options = { host: string; admits?: string; refuses?: (call: Call) => Refusal | undefined }

export async function openFrontend({ host, admits, refuses }: Options): Promise<Frontend> {
  const { certificate: cert, key } = await certificateFor(host)
  const calls: Call[] = []
  const sessions = new Set<Http2Session>()
  const server = createSecureServer({ cert, key, ...(admits === undefined ? {} : { ca: admits, requestCert: true }) })
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream, { ':path': path = '', authorization }) => {
    void text(stream).then((body) => {
      const call = { path: path.split('/').at(-1) ?? '', body, authorization, person: personOf(stream) }
      calls.push(call)
      answer(stream, refuses?.(call))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    calls,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const personOf = ({ session }: ServerHttp2Stream): string | undefined =>
  (session?.socket as TLSSocket | undefined)?.getPeerCertificate().subject?.CN?.toString()

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' }
/** Not compressed, no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5)

function answer(stream: ServerHttp2Stream, refusal: Refusal | undefined): void {
  if (refusal) {
    const { code, message } = refusal
    const headers = { ...HEADERS, 'grpc-status': `${code}`, 'grpc-message': encodeURIComponent(message) }
    return stream.respond(headers, { endStream: true })
  }
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(EMPTY_MESSAGE)
}
