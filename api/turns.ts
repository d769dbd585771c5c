/** Runs what is given to it, so much of it at a time. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** First come, first served. */
export function turns(atOnce: number): Turns {
  const waiting: (() => void)[] = []
  let busy = 0
  return async (work) => {
    if (busy < atOnce) busy += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else busy -= 1
    }
  }
}

/** As those, but what fails for one fails for all who wait behind it: nobody waits for one timeout after the other. */
export function turnsTogether(atOnce: number): Turns {
  const turn = turns(atOnce)
  let failures = 0
  let last: unknown
  return (work) => {
    const before = failures
    return turn(async () => {
      if (failures > before) throw last
      try {
        return await work()
      } catch (error) {
        failures += 1
        last = error
        throw error
      }
    })
  }
}
