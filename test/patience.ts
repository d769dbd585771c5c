import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 20

/** Waits until it holds, and gives what it gave; fails with what it last said. A busy machine answers later, not otherwise. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; await sleep(LOOK_EVERY_MS)) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
