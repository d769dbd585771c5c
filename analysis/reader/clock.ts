import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import { AskError } from './refusal.ts'

/** The local clock, replaced in tests. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: Date.now,
  async wait(ms, signal) {
    try {
      await sleep(ms, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  },
}

/** Prometheus' own clock: rows are cut by it, because samples carry its time. */
export type ServerClock = {
  /** Epoch seconds. */
  now(): number
  /** Compares both clocks where that was long ago. Keeps what it knew when Prometheus does not answer. */
  compare(): Promise<void>
  /** Until then, epoch seconds of Prometheus, or the signal. */
  until(time: number, signal: AbortSignal): Promise<void>
}

const COMPARE_EVERY_MS = 60_000
const TIMEOUT_MS = 2_000

export function openServerClock(client: Client, clock: Clock): ServerClock {
  let offset = 0
  let comparedAt = -Infinity
  let comparing: Promise<void> | undefined
  const now = (): number => clock.now() / 1_000 + offset
  const compare = async (): Promise<void> => {
    const before = clock.now()
    try {
      const there = await client.scalar({ query: 'time()', timeoutMs: TIMEOUT_MS })
      offset = there - (before + clock.now()) / 2_000
      comparedAt = clock.now()
    } catch (error) {
      // What is wrong with Prometheus is told by the looks that follow.
      if (!(error instanceof AskError)) throw error
    }
  }
  return {
    now,
    async compare() {
      if (clock.now() - comparedAt < COMPARE_EVERY_MS) return
      comparing ??= compare().finally(() => (comparing = undefined))
      await comparing
    },
    until: (time, signal) => clock.wait(Math.max(0, (time - now()) * 1_000), signal),
  }
}
