import { createServer, type ServerHttp2Session } from 'node:http2'

/** Length-prefixed, not compressed, and empty: a message without fields. */
const EMPTY_MESSAGE = Buffer.alloc(5)

/**
 * A gRPC server of which every unary call succeeds, in clear text; its metadata say which version answered. `close` tells
 * callers to go elsewhere and resolves when what they had called was answered.
 */
export function serveGrpc(port: number, metadata: Record<string, string>): { close(): Promise<void> } {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...metadata }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.once('error', () => stream.close())
    stream.resume().once('end', () => stream.end(EMPTY_MESSAGE))
  })
  server.listen(port, '127.0.0.1')
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.close()
      }),
  }
}
