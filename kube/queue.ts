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
  const state: State = {
    options,
    waiting: new Map(),
    working: new Map(),
    timers: new Map(),
    backoffs: new Map(),
    told: new Map(),
    stopped: false,
  }
  return {
    add: (key) => add(state, key),
    async stop() {
      state.stopped = true
      state.waiting.clear()
      for (const timer of state.timers.values()) clearTimeout(timer)
      await Promise.all(state.working.values())
    },
  }
}

type State = {
  options: QueueOptions
  /** Key → since when, by `performance.now()`. */
  waiting: Map<string, number>
  working: Map<string, Promise<void>>
  timers: Map<string, NodeJS.Timeout>
  backoffs: Map<string, Backoff>
  /** What a key failed of, and since when that has been known, by `performance.now()`. */
  told: Map<string, { words: string; at: number }>
  stopped: boolean
}

function add(state: State, key: string): void {
  if (state.stopped) return
  clearTimeout(state.timers.get(key))
  state.timers.delete(key)
  if (!state.waiting.has(key)) state.waiting.set(key, performance.now())
  pump(state)
}

function pump(state: State): void {
  const { waiting, working, options } = state
  const { concurrency = 8, observe } = options
  for (const [key, since] of waiting) {
    if (working.size >= concurrency) break
    if (working.has(key)) continue
    waiting.delete(key)
    observe?.waited((performance.now() - since) / 1000)
    // Begun a tick later: a reconcile that adds its own key at once must find it among the working ones.
    const begun = Promise.resolve()
    working.set(
      key,
      begun.then(() => work(state, key)),
    )
  }
  observe?.depth(waiting.size)
}

async function work(state: State, key: string): Promise<void> {
  const { backoffs, options } = state
  const { reconcile, log, backoffCapMs = 5_000, observe } = options
  try {
    const { requeueAfterMs } = await reconcile(key)
    backoffs.delete(key)
    state.told.delete(key)
    if (requeueAfterMs !== undefined) later(state, key, requeueAfterMs)
    observe?.result(requeueAfterMs === undefined ? 'success' : 'requeue')
  } catch (error) {
    const backoff = backoffs.get(key) ?? createBackoff({ baseMs: 100, capMs: backoffCapMs })
    backoffs.set(key, backoff)
    later(state, key, backoff.next())
    observe?.result('error')
    const words = describeError(error)
    log[isNews(state, key, words) ? 'warn' : 'debug']({ key, error: words }, 'reconcile failed, will be tried again')
  } finally {
    state.working.delete(key)
    if (!state.stopped) pump(state)
  }
}

const AGAIN_MS = 60_000

/** A failure that goes on is told once, then once a minute. */
function isNews({ told }: State, key: string, words: string): boolean {
  const last = told.get(key)
  const at = performance.now()
  if (last?.words === words && at - last.at < AGAIN_MS) return false
  told.set(key, { words, at })
  return true
}

function later(state: State, key: string, ms: number): void {
  if (state.stopped || state.waiting.has(key)) return
  clearTimeout(state.timers.get(key))
  state.timers.set(key, setTimeout(add, ms, state, key))
}
