import { isFree } from '../ports.ts'

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
