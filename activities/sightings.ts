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
  const waiting: Sighting[] = []
  let failure: { error: unknown } | undefined
  let wake = (): void => {}
  let ready = 0
  let bare: NodeJS.Timeout | undefined
  const push = (sighting: Sighting): void => {
    waiting.push(sighting)
    wake()
  }
  const fail = (error: unknown): void => {
    failure ??= { error }
    wake()
  }
  const see = (readiness: Readiness): void => {
    ready = readiness.ready
    if (readiness.crash) push({ kind: 'crash', message: readiness.crash.message })
    if (ready > 0) {
      clearTimeout(bare)
      bare = undefined
    } else bare ??= setTimeout(() => push({ kind: 'bare' }), BARE_MS)
  }
  signal.addEventListener('abort', () => wake(), { once: true })
  workload.followPods(pods, see, signal).catch(fail)
  pump(readings, (reading) => push({ kind: 'reading', reading, ready })).catch(fail)
  try {
    while (!signal.aborted) {
      const next = waiting.shift()
      if (next) yield next
      else if (failure) throw failure.error
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    clearTimeout(bare)
  }
}

async function pump(readings: AsyncIterable<Reading>, push: (reading: Reading) => void): Promise<void> {
  for await (const reading of readings) push(reading)
}
