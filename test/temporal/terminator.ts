import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { certificateFor } from '../stage/certificate.ts'

/** TLS in front of a server that has none, for who shows the right certificate. Leaving its scope ends it. */
export type Terminator = AsyncDisposable & { address: string; certificate: string }

/** `admits`: PEM; `address`: of what is behind it. */
export async function openTerminator(host: string, admits: string, address: string): Promise<Terminator> {
  const { certificate: cert, key } = await certificateFor(host)
  const { hostname, port } = new URL(`http://${address}`)
  const sockets = new Set<TLSSocket>()
  const server = createServer({ cert, key, ca: admits, requestCert: true, ALPNProtocols: ['h2'] }, (socket) => {
    sockets.add(socket)
    const behind = connect(Number(port), hostname)
    for (const each of [socket, behind]) each.on('error', () => (socket.destroy(), behind.destroy()))
    socket.pipe(behind).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
