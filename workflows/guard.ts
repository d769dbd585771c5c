import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { Mark } from '../activities/picture.ts'
import type { Hold, WatchInput, WatchResult } from '../activities/watch.ts'
import { watching } from './proxies.ts'
import { wordsOf } from './words.ts'

type Alarm = Extract<WatchResult, { kind: 'rollback' | 'retreat' }>
type Advance = Extract<WatchResult, { kind: 'advance' }>
export type Running = NonNullable<WatchInput['running']>

/**
 * From the first request at weight > 0 until the commit one watch runs without a gap; this is its handle. Only the
 * functions below change it.
 */
export type Guard = {
  watched: () => Pick<WatchInput, 'ref' | 'release' | 'canary' | 'stable'>
  epoch: number
  marks: Mark[]
  running?: Running | undefined
  scope?: CancellationScope | undefined
  /** A rollback or retreat that nobody has taken yet. */
  alarm?: Alarm | undefined
  /** What fulfilled the step that is being watched. */
  advanced?: Advance | undefined
  /** Why the last row holds, where that says more than "not yet". */
  hold?: Hold | undefined
  /** Epoch seconds at which this run took over a canary with traffic, until a row that ended later was judged. */
  judgedFrom?: number | undefined
  /** The watch has run for its hour: a good moment to continue as new. */
  hourPassed: boolean
}

export const openGuard = (watched: Guard['watched'], known: Pick<Guard, 'epoch' | 'hold' | 'judgedFrom'>): Guard => ({
  ...known,
  watched,
  marks: [],
  hourPassed: false,
})

export const isWatching = (guard: Guard): boolean => guard.scope !== undefined

/** Starts, or ends the old watch and begins the next in the same task. `running` adds the right to advance. */
export function watch(guard: Guard, marks: Mark[], running?: Running): void {
  guard.advanced = undefined
  guard.running = running
  watchOn(guard, marks)
}

/** Goes on with the same step on other marks. */
export function watchOn(guard: Guard, marks: Mark[]): void {
  guard.marks = [...marks]
  begin(guard)
}

export function stopWatching(guard: Guard): void {
  guard.scope?.cancel()
  guard.scope = undefined
}

function begin(guard: Guard): void {
  guard.scope?.cancel()
  guard.epoch += 1
  const scope = new CancellationScope()
  guard.scope = scope
  const { watched, epoch, marks, running, hold, judgedFrom } = guard
  const input = {
    ...watched(),
    epoch,
    marks,
    ...(running ? { running } : {}),
    ...(hold ? { lastHold: heldBy(hold) } : {}),
    ...(judgedFrom === undefined ? {} : { judgedFrom }),
  }
  scope
    .run(() => watching.watch(input))
    .then(
      (result) => guard.scope === scope && take(guard, result),
      (error: unknown) => guard.scope === scope && !isCancellation(error) && fail(guard, error),
    )
}

const heldBy = ({ reason, cause }: Hold): Pick<Hold, 'reason' | 'cause'> => ({ reason, ...(cause ? { cause } : {}) })

function take(guard: Guard, result: WatchResult): void {
  if (result.kind === 'rollback' || result.kind === 'retreat') {
    guard.alarm = result
    guard.scope = undefined
    return
  }
  if (result.kind === 'hour') guard.hourPassed = true
  else guard.judgedFrom = undefined
  if (result.kind === 'holdChanged') guard.hold = result.hold
  if (result.kind === 'advance') {
    guard.advanced = result
    guard.running = undefined
    guard.hold = undefined
  }
  begin(guard)
}

/** Watches are retried for ever; what still fails is final, and nothing moves forward unwatched. */
function fail(guard: Guard, error: unknown): void {
  guard.scope = undefined
  guard.alarm = {
    kind: 'rollback',
    reason: 'guardFailed',
    sentence: `Rolled back: ${wordsOf(error)}`,
    ledgerHash: '',
  }
}
