import { createServer } from 'node:net'

/** One for every address that a stack serves on. */
export const PORT_NAMES = [
  'etcd',
  'etcdPeer',
  'apiserver',
  'controllers',
  'istiodHttp',
  'istiodMonitoring',
  'istiodXds',
  'istiodSecure',
  'istiodWebhook',
  'istiodControl',
  'gateway',
  'gatewayAdmin',
  'prometheus',
  'temporal',
  'temporalUi',
  'temporalMetrics',
  'node',
] as const

export type Ports = Record<(typeof PORT_NAMES)[number], number>

/**
 * Below the ranges that systems take for outgoing connections and that the node agent takes for pods: a stack keeps its
 * ports for life, and a server that restarts must find its own free.
 */
const RANGE = { first: 10_000, last: 19_999 }
const BLOCK = 20
const BLOCKS = Math.floor((RANGE.last - RANGE.first + 1) / BLOCK)

let given = 0

/** A block of free loopback ports, none of `taken`. Processes that choose at the same time begin at different places. */
export async function choosePorts(taken: ReadonlySet<number> = new Set()): Promise<Ports> {
  const from = process.pid + given++ * 7
  for (let tried = 0; tried < BLOCKS; tried++) {
    const base = RANGE.first + ((from + tried) % BLOCKS) * BLOCK
    const block = PORT_NAMES.map((_, index) => base + index)
    if (block.some((port) => taken.has(port))) continue
    const free = await Promise.all(block.map(isFree))
    if (free.every(Boolean)) {
      return Object.fromEntries(PORT_NAMES.map((name, index) => [name, base + index])) as Ports
    }
  }
  throw new Error(`no ${PORT_NAMES.length} free ports in a row between ${RANGE.first} and ${RANGE.last}`)
}

/** Nobody listens there on loopback. */
export function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  return promise
}
