import type { Metrics } from './metrics.ts'

export type Sweep = { stop(): void }

type Options = {
  metrics: Pick<Metrics, 'keepOnly'>
  /** All Rollouts that there are. */
  list: () => Promise<{ namespace: string; name: string }[]>
  everyMs?: number
  onTrouble: (error: unknown) => void
}

const EVERY_MS = 10 * 60_000

/** In a process that nobody tells that a Rollout is gone, its series go soon after it. What cannot be listed stays. */
export function startSweep({ metrics, list, everyMs = EVERY_MS, onTrouble }: Options): Sweep {
  const timer = setInterval(() => {
    list()
      .then((there) => metrics.keepOnly(there))
      .catch(onTrouble)
  }, everyMs)
  return { stop: () => clearInterval(timer) }
}
