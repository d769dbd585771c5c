import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { pause } from '../kube/index.ts'

export type HttpServer = {
  port: number
  /** Ends when every request has its answer, or after a moment without them. */
  close(): Promise<void>
}

/** How long an answer may still take once the process was asked to end. */
const GRACE_MS = 2_000

/** Rejects when the port is taken. */
export async function listen(
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  { port, host }: { port: number; host: string },
): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch }) as Server
  await once(server.listen(port, host), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const late = new AbortController()
      const closed = new Promise<void>((resolve) => server.close(() => resolve())).finally(() => late.abort())
      server.closeIdleConnections()
      // A stream that nobody reads never ends by itself.
      await Promise.race([closed, pause(GRACE_MS, late.signal)])
      server.closeAllConnections()
      await closed
    },
  }
}
