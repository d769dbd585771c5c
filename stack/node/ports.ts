import { createServer } from 'node:net'

/** Below the range that systems take for outgoing connections: nothing else picks a port here at random. */
const RANGE = { first: 20_000, last: 31_999 }

let next = RANGE.first + Math.floor(Math.random() * (RANGE.last - RANGE.first))

/** A free port of the loopback address, not given out again before the whole range has been. */
export async function freePort(): Promise<number> {
  for (let tried = RANGE.first; tried <= RANGE.last; tried += 1) {
    next = next >= RANGE.last ? RANGE.first : next + 1
    const port = next
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${RANGE.first} and ${RANGE.last}`)
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  return promise
}
