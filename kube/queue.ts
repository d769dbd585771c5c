import { createBackoff, type Backoff } from './backoff.ts'
import { describeError } from './errors.ts'
import type { Log } from './types.ts'

export type QueueOptions = {
  /** Level-based: looks at what is, whatever woke it. Throwing means again, later. */
  reconcile: (key: string) => Promise<{ requeueAfterMs?: number }>
  log: Log
  /** Keys at work at the same time; one key never twice. Default 8. */
  concurrency?: number
  /** Default 5 s. */
  backoffCapMs?: number
  observe?: QueueObserver
}

export type QueueObserver = {
  depth(keys: number): void
  waited(seconds: number): void
  result(result: 'success' | 'requeue' | 'error'): void
}

export type Queue = {
  /** Soon, once, however often it is said; again afterwards when the key is being worked on. Ends a pending requeue. */
  add(key: string): void
  /** Ends the timers and waits for what is being worked on. */
  stop(): Promise<void>
}

export function createQueue(options: QueueOptions): Queue {
  const { reconcile, log, concurrency = 8, backoffCapMs = 5_000, observe } = options
  const waiting = new Map<string, { since: number }>()
  const working = new Map<string, Promise<void>>()
  const timers = new Map<string, NodeJS.Timeout>()
  const backoffs = new Map<string, Backoff>()
  let stopped = false

  function add(key: string): void {
    if (stopped) return
    clearTimeout(timers.get(key))
    timers.delete(key)
    if (!waiting.has(key)) waiting.set(key, { since: performance.now() })
    pump()
  }

  function pump(): void {
    for (const [key, { since }] of waiting) {
      if (working.size >= concurrency) break
      if (working.has(key)) continue
      waiting.delete(key)
      observe?.waited((performance.now() - since) / 1000)
      // Begun a tick later: a reconcile that adds its own key at once must find it among the working ones.
      working.set(
        key,
        Promise.resolve().then(() => work(key)),
      )
    }
    observe?.depth(waiting.size)
  }

  async function work(key: string): Promise<void> {
    try {
      const { requeueAfterMs } = await reconcile(key)
      backoffs.delete(key)
      if (requeueAfterMs !== undefined) later(key, requeueAfterMs)
      observe?.result(requeueAfterMs === undefined ? 'success' : 'requeue')
    } catch (error) {
      const backoff = backoffs.get(key) ?? createBackoff({ baseMs: 100, capMs: backoffCapMs })
      backoffs.set(key, backoff)
      later(key, backoff.next())
      observe?.result('error')
      log.warn({ key, error: describeError(error) }, 'reconcile failed, will be tried again')
    } finally {
      working.delete(key)
      if (!stopped) pump()
    }
  }

  function later(key: string, ms: number): void {
    if (stopped || waiting.has(key)) return
    clearTimeout(timers.get(key))
    timers.set(key, setTimeout(add, ms, key))
  }

  return {
    add,
    async stop() {
      stopped = true
      waiting.clear()
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(working.values())
    },
  }
}
