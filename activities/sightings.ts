import type { Reading } from '../analysis/index.ts'
import type { FollowTarget, Readiness, Workload } from '../workload/workload.ts'

/** What the guard reacts to: a closed interval, the end of a canary process, or five seconds without a ready pod. */
export type Sighting =
  { kind: 'reading'; reading: Reading; ready: number } | { kind: 'crash'; message: string } | { kind: 'bare' }

export type SightingsInput = {
  workload: Pick<Workload, 'followPods'>
  pods: FollowTarget
  readings: AsyncIterable<Reading>
  signal: AbortSignal
}

const BARE_MS = 5_000

/** Ends with the signal; throws what pods or readings throw. */
export async function* sightings({ workload, pods, readings, signal }: SightingsInput): AsyncGenerator<Sighting> {
  const inbox = openInbox(signal)
  const looked = Promise.withResolvers<void>()
  let ready = 0
  let bare: NodeJS.Timeout | undefined
  const see = (readiness: Readiness): void => {
    ready = readiness.ready
    looked.resolve()
    if (readiness.crash) inbox.push({ kind: 'crash', message: readiness.crash.message })
    if (ready > 0) {
      clearTimeout(bare)
      bare = undefined
    } else bare ??= setTimeout(() => inbox.push({ kind: 'bare' }), BARE_MS)
  }
  async function pump(): Promise<void> {
    for await (const reading of readings) {
      // Pods that nobody has looked for yet are not pods that are missing.
      await looked.promise
      inbox.push({ kind: 'reading', reading, ready })
    }
  }
  signal.addEventListener('abort', () => looked.resolve(), { once: true })
  workload.followPods(pods, see, signal).catch(inbox.fail)
  pump().catch(inbox.fail)
  try {
    yield* inbox.all()
  } finally {
    clearTimeout(bare)
  }
}

type Inbox = {
  push: (sighting: Sighting) => void
  fail: (error: unknown) => void
  /** Until the signal; throws what was said to have failed, once everything before it was taken. */
  all: () => AsyncGenerator<Sighting>
}

function openInbox(signal: AbortSignal): Inbox {
  const waiting: Sighting[] = []
  let failure: { error: unknown } | undefined
  let wake = (): void => {}
  signal.addEventListener('abort', () => wake(), { once: true })
  return {
    push(sighting) {
      waiting.push(sighting)
      wake()
    },
    fail(error) {
      failure ??= { error }
      wake()
    },
    async *all() {
      while (!signal.aborted) {
        const next = waiting.shift()
        if (next) yield next
        else if (failure) throw failure.error
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}
