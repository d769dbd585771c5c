import { Context } from '@temporalio/activity'

const HEARTBEAT_MS = 2_000

/**
 * What lasts: Temporal hears every two seconds that it goes on, with what a next attempt should know (`details`). The signal
 * aborts when the activity is cancelled, and when `work` has ended, so that nothing is followed any longer.
 */
export async function heartbeating<T>(work: (signal: AbortSignal) => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(details?.()), HEARTBEAT_MS)
  const ended = new AbortController()
  try {
    return await work(AbortSignal.any([context.cancellationSignal, ended.signal]))
  } finally {
    clearInterval(beat)
    ended.abort()
  }
}
