/** Gathers what changed until somebody has time for it: a slow reader gets fewer and later, never an ever longer queue. */
export type Wake = {
  add(keys: Iterable<string>): void
  /** What was added since the last call; waits for the first of it, at most so long, and for nothing after `ended`. */
  next(withinMs: number, ended: AbortSignal): Promise<Set<string>>
}

export function createWake(): Wake {
  let pending = new Set<string>()
  let wake = (): void => undefined
  return {
    add(keys) {
      for (const key of keys) pending.add(key)
      wake()
    },
    async next(withinMs, ended) {
      if (pending.size === 0 && !ended.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, withinMs)
        wake = resolve
        ended.addEventListener('abort', wake, { once: true })
        await promise
        clearTimeout(timer)
        ended.removeEventListener('abort', wake)
      }
      const taken = pending
      pending = new Set()
      return taken
    },
  }
}
