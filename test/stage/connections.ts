import { request as plain, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'

/** Where connections go; with `tls` they are encrypted from end to end, for this name and by this certificate (PEM). */
export type Door = { port: number; tls?: { servername: string; ca: string } }

const TIMEOUT_MS = 10_000
const AT_ONCE = 20

/** Opens so many connections, asks one question on each, and counts by version who answered. Rejects if one got no answer. */
export async function answersOf(door: Door, connections: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let opened = 0; opened < connections; opened += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, connections - opened) }, () => versionBehind(door))
    for (const version of await Promise.all(some)) counts[version] = (counts[version] ?? 0) + 1
  }
  return counts
}

function versionBehind({ port, tls }: Door): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  // No agent: a connection of its own, which ends with its answer.
  const options = { host: '127.0.0.1', port, path: '/checkout', agent: false, timeout: TIMEOUT_MS } as const
  const read = (response: IncomingMessage): void => {
    const version = response.headers['x-version']
    response.resume().once('end', () => resolve(String(version)))
  }
  const asking = tls ? secure({ ...options, ...tls }, read) : plain(options, read)
  asking.once('timeout', () => asking.destroy(new Error(`no answer on port ${port} within ${TIMEOUT_MS} ms`)))
  asking.once('error', reject)
  asking.end()
  return promise
}
