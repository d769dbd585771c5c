import { handle, type Outcome, type Target } from './handler.ts'
import type { Probe } from './pod.ts'

/** Until the first success a probe is tried so often, whatever its period: a pod is ready when it is, not up to 10 s later. */
const STARTING_MS = 50

/** `stop` resolves when nothing is being asked any more. */
export type Following = { stop(): Promise<void> }

type Options = {
  probe: Probe
  target: Target
  /** Told when so many answers in a row say so, and again only after the opposite. */
  onVerdict: (verdict: Outcome) => void
  /** Of something that begins as bad: tried more often until it is good for the first time. */
  eager: boolean
}

/** Follows a probe with Kubernetes' rules and defaults. */
export function followProbe({ probe, target, onVerdict, eager }: Options): Following {
  const { initialDelaySeconds = 0, timeoutSeconds = 1, failureThreshold = 3, successThreshold = 1 } = probe
  const periodMs = (probe.periodSeconds ?? 10) * 1_000
  let good: boolean | undefined
  let everGood = false
  const inRow = { wins: 0, losses: 0 }
  let lostAt = -Infinity
  const end = new AbortController()
  let timer = setTimeout(look, initialDelaySeconds * 1_000)
  const hurried = (): boolean => eager && !everGood

  async function tried(): Promise<void> {
    const outcome = await handle(probe, { ...target, signal: end.signal }, timeoutSeconds * 1_000)
    if (end.signal.aborted) return
    count(outcome.ok)
    const decided = outcome.ok ? inRow.wins >= successThreshold : inRow.losses >= failureThreshold
    if (decided && good !== outcome.ok) {
      good = outcome.ok
      everGood ||= good
      onVerdict(outcome)
    }
    if (!end.signal.aborted) timer = setTimeout(look, hurried() ? Math.min(STARTING_MS, periodMs) : periodMs)
  }
  function count(ok: boolean): void {
    inRow.wins = ok ? inRow.wins + 1 : 0
    // What is tried more often than was asked for does not fail sooner for it.
    if (!ok && hurried() && performance.now() - lostAt < periodMs) return
    inRow.losses = ok ? 0 : inRow.losses + 1
    if (!ok) lostAt = performance.now()
  }
  let asking: Promise<void> = Promise.resolve()
  function look(): void {
    asking = tried()
  }

  return {
    async stop() {
      end.abort()
      clearTimeout(timer)
      await asking
    },
  }
}
