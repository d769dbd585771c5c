import type { Sight, Watcher } from './sight.ts'

export type Until = <T>(
  what: string,
  /** Looked at after every change until it gives something; undefined and false are nothing. */
  look: (sight: Sight) => T | undefined | false,
  timeoutMs?: number,
) => Promise<T>

const TIMEOUT_MS = 120_000

/** Waits for what watches will show. `explain` is asked for the words of a wait that took too long. */
export function createUntil(watcher: Watcher, explain: () => Promise<string>): Until {
  return async function until<T>(
    what: string,
    look: (sight: Sight) => T | undefined | false,
    timeoutMs = TIMEOUT_MS,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T | typeof TOO_LATE>()
    const see = (): void => {
      try {
        const found = look(watcher.now())
        if (found !== undefined && found !== false) resolve(found)
      } catch (error) {
        reject(error)
      }
    }
    const unlisten = watcher.onChange(see)
    const timer = setTimeout(() => resolve(TOO_LATE), timeoutMs)
    see()
    try {
      const found = await promise
      if (found !== TOO_LATE) return found
      throw new Error(`not within ${timeoutMs / 1_000} s: ${what}\n${await explain()}`)
    } finally {
      clearTimeout(timer)
      unlisten()
    }
  }
}

const TOO_LATE = Symbol('too late')
