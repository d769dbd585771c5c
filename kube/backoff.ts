export type Backoff = {
  /** Milliseconds to wait before the next attempt; grows with every call. */
  next(): number
  reset(): void
}

/** Doubles from `baseMs` to `capMs`, with the upper half random, so that many clients do not come back together. */
export function createBackoff({ baseMs, capMs }: { baseMs: number; capMs: number }): Backoff {
  let attempt = 0
  return {
    next() {
      const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
      attempt += 1
      return full / 2 + (Math.random() * full) / 2
    },
    reset() {
      attempt = 0
    },
  }
}
