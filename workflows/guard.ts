import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { WatchInput, WatchResult } from '../activities/watch.ts'
import type { Mark } from '../activities/picture.ts'
import { watching } from './proxies.ts'

/** From the first request at weight > 0 until the commit one watch runs without a gap; this is its handle. */
export type Guard = {
  epoch(): number
  running(): boolean
  /** Starts, or ends the old watch and begins the next in the same task. `analyze` adds the right to advance. */
  watch(marks: Mark[], analyze?: { from: number; for: number }): void
  stop(): void
  /** A rollback or retreat that nobody has taken yet. */
  alarm(): Extract<WatchResult, { kind: 'rollback' | 'retreat' }> | undefined
  clearAlarm(): void
  /** The `analyze` step that is being watched is fulfilled; the sentence says by what. */
  advanced(): string | undefined
  /** Why the last row holds, where it says more than "not yet". */
  hold(): { reason: string; sentence: string } | undefined
  /** The watch has run for its hour: a good moment to continue as new. */
  hourPassed(): boolean
}

export type Watched = Omit<WatchInput, 'epoch' | 'marks' | 'analyze' | 'lastHold'>

export function openGuard(watched: () => Watched, firstEpoch: number): Guard {
  let epoch = firstEpoch
  let scope: CancellationScope | undefined
  let current: { marks: Mark[]; analyze?: { from: number; for: number } } = { marks: [] }
  let alarm: ReturnType<Guard['alarm']>
  let advanced: string | undefined
  let hold: ReturnType<Guard['hold']>
  let hourPassed = false

  const begin = (): void => {
    scope?.cancel()
    epoch += 1
    const mine = new CancellationScope()
    scope = mine
    const input: WatchInput = { ...watched(), ...current, epoch, ...(hold ? { lastHold: hold.reason } : {}) }
    mine.run(() => watching.watch(input)).then(
      (result) => scope === mine && take(result),
      (error: unknown) => {
        if (scope === mine && !isCancellation(error)) alarm = { kind: 'rollback', reason: 'guardFailed', sentence: sentenceOf(error), ledgerHash: '' }
      },
    )
  }
  const take = (result: WatchResult): void => {
    if (result.kind === 'rollback' || result.kind === 'retreat') {
      alarm = result
      scope = undefined
      return
    }
    if (result.kind === 'advance') {
      advanced = result.sentence
      current = { marks: current.marks }
    }
    if (result.kind === 'hour') hourPassed = true
    hold = result.kind === 'holdChanged' ? result.hold : result.kind === 'advance' ? undefined : hold
    begin()
  }
  return {
    epoch: () => epoch,
    running: () => scope !== undefined,
    watch(marks, analyze) {
      advanced = undefined
      current = { marks: [...marks], ...(analyze ? { analyze } : {}) }
      begin()
    },
    stop() {
      scope?.cancel()
      scope = undefined
    },
    alarm: () => alarm,
    clearAlarm() {
      alarm = undefined
    },
    advanced: () => advanced,
    hold: () => hold,
    hourPassed: () => hourPassed,
  }
}

const sentenceOf = (error: unknown): string =>
  `the watch over the canary failed: ${error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)}`
