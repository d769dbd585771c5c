import { vi } from 'vitest'

/** Waits until it holds, and gives what it gave; fails with what it last said. A busy machine answers later, not otherwise. */
export const eventually = <T>(check: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> =>
  vi.waitFor(check, { timeout: timeoutMs, interval: 20 })
