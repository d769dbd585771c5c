/** A clock that stands still while something happens, and jumps to the next waiter when nothing does. */
export type SteppedClock = { now: () => number; wait: (ms: number, signal: AbortSignal) => Promise<void> }

const QUIET_MS = 25

/** `isIdle` says whether the world outside is quiet, too. `startMs`: epoch milliseconds. */
export function steppedClock(startMs: number, isIdle: () => boolean): SteppedClock {
  let now = startMs
  const waiters = new Set<{ at: number; resolve: () => void }>()
  let quiet: NodeJS.Timeout | undefined
  const settle = (): void => {
    clearTimeout(quiet)
    quiet = setTimeout(() => (isIdle() ? step() : settle()), QUIET_MS)
  }
  const step = (): void => {
    const due = Math.min(...[...waiters].map(({ at }) => at))
    if (due === Infinity) return
    now = Math.max(now, due)
    for (const waiter of waiters) {
      if (waiter.at > now) continue
      waiters.delete(waiter)
      waiter.resolve()
    }
    settle()
  }
  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise<void>((resolve) => {
        const waiter = { at: now + ms, resolve }
        waiters.add(waiter)
        signal.addEventListener('abort', () => waiters.delete(waiter) && resolve(), { once: true })
        if (signal.aborted && waiters.delete(waiter)) resolve()
        settle()
      }),
  }
}
