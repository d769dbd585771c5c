import type { Look } from './judgement.ts'

/** What one process remembers of a Rollout between two looks. Losing it costs one signal that says nothing new. */
export type Memory = {
  uid: string | undefined
  /** The run of this Rollout was told to end. */
  cancelled: boolean
  /** What the run was told last, when (epoch milliseconds), and how often. */
  told?: { facts: string; at: number; times: number }
  /** When the run was looked at last (epoch milliseconds). */
  checkedAt: number
  /** Why it does not move. */
  stuck?: string | undefined
  /** Temporal does not answer: since when, and with which first words. */
  unreachable?: { since: number; words: string } | undefined
}

export const freshMemory = (uid: string | undefined): Memory => ({ uid, cancelled: false, checkedAt: 0 })

export function remember(memory: Memory, { facts }: Look, now: number): void {
  const times = memory.told?.facts === facts ? memory.told.times + 1 : 1
  memory.told = { facts, at: now, times }
  memory.checkedAt = now
}

/** Nothing is to be done: the next time begins afresh. */
export function forget(memory: Memory): void {
  delete memory.told
  delete memory.stuck
  delete memory.unreachable
}

/** What the run was not told yet, or was told long ago without effect. Epoch milliseconds. */
export const isNews = (memory: Memory, look: Look, checkMs: number, now: number): boolean =>
  memory.told?.facts !== look.facts || now >= nextTelling(memory, look, checkMs)

export const isCheckDue = (memory: Memory, { facts }: Look, checkMs: number, now: number): boolean =>
  memory.told?.facts === facts && now >= nextCheck(memory, checkMs)

export const untilNextMs = (memory: Memory, look: Look, checkMs: number, now: number): number =>
  Math.max(0, Math.min(nextCheck(memory, checkMs), nextTelling(memory, look, checkMs)) - now)

/** A run that was stuck is looked at more often, so that the condition ends soon after the trouble. */
const nextCheck = ({ checkedAt, stuck }: Memory, checkMs: number): number =>
  checkedAt + (stuck ? checkMs / 12 : checkMs)

/** After 1, 2, 4 … times `checkMs`, ten times at most. A run that is under way needs no telling twice: it is checked. */
function nextTelling({ told }: Memory, { underWay }: Look, checkMs: number): number {
  if (underWay || !told) return Number.POSITIVE_INFINITY
  return told.at + Math.min(checkMs * 2 ** (told.times - 1), checkMs * 10)
}
