import { once } from 'node:events'
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { certificateFor } from '../stage/certificate.ts'

/** What somebody showed who asked. */
type Caller = { path: string; person?: string | undefined; authorization?: string | undefined }

/** Answers every call with an empty message, as gRPC over TLS, and remembers who called. Leaving its scope ends it. */
export type Frontend = AsyncDisposable & { address: string; certificate: string; callers: Caller[] }

/** `admits`: PEM; only who shows this certificate gets in. */
export async function openFrontend(host: string, admits?: string): Promise<Frontend> {
  const { certificate: cert, key } = await certificateFor(host)
  const callers: Caller[] = []
  const sessions = new Set<Http2Session>()
  const server = createSecureServer({ cert, key, ...(admits === undefined ? {} : { ca: admits, requestCert: true }) })
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream, { ':path': path = '', authorization }) => {
    callers.push({ path, authorization, person: personOf(stream) })
    answer(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    callers,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const personOf = ({ session }: ServerHttp2Stream): string | undefined =>
  (session?.socket as TLSSocket | undefined)?.getPeerCertificate().subject?.CN?.toString()

/** Not compressed, no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5)

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(EMPTY_MESSAGE)
}
