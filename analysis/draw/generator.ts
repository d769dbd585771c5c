/** A uniform number in [0, 1) with 53 random bits; every call gives the next one. */
export type Random = () => number

/**
 * A stream of its own for every seed and path: `seeded(1, 7)` is run 7 of seed 1, and tells nothing about run 8. The
 * same path gives the same numbers on every machine. sfc32 (Doty-Humphrey 2010), 128 bits of state. Throws RangeError
 * unless all are integers.
 */
export function seeded(seed: number, ...path: number[]): Random {
  const next = sfc32(stateOf([seed, ...path]))
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53
}

/** Rounds after which every bit of the state depends on every bit of the seed. */
const WARM_UP = 20

function sfc32([first, second, third]: [number, number, number]): () => number {
  let a = first
  let b = second
  let c = third
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum
  }
  for (let i = 0; i < WARM_UP; i++) next()
  return next
}

function stateOf(path: number[]): [number, number, number] {
  const state: [number, number, number] = [0x2545f491, 0x6c078965, 0x1b873593]
  for (const part of path) {
    if (!Number.isSafeInteger(part)) throw new RangeError(`a seed is an integer, not ${part}`)
    const halves = [part | 0, Math.floor(part / 2 ** 32) | 0]
    for (const half of halves) {
      state[0] = mixed(state[0] ^ half)
      state[1] = mixed((state[1] + state[0]) | 0)
      state[2] = mixed((state[2] + state[1]) | 0)
    }
  }
  return state
}

/** A bijection of 32 bits in which every input bit reaches every output bit (the finalizer of MurmurHash3, Appleby 2011). */
function mixed(bits: number): number {
  let h = bits
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
