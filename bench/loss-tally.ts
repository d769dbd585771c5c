import type { LoadStats } from '../demo/load.ts'

/** What one edge did to the requests that were on their way, over all of its cycles. */
export type EdgeTally = {
  cycles: number
  requests: number
  /** No answer. */
  lost: number
  /** Answered, but by the proxy alone: with 503, or with whatever else no version of the service has said. */
  mesh: number
  /** Answered by a version with 5xx: what a rollback is about. */
  failed: number
  /** Milliseconds from the time at which a request was due to its answer. */
  worstMs: number
  /** Milliseconds from the write of a weight, as a watch tells it, to its first or last sign in the answers. */
  seenMs: number[]
  trouble: LoadStats['trouble']
}

/** A weight that was written at this time (epoch milliseconds), and its sign: a version's first answer, or its last. */
export type Written = { version: string; at: number; sign: 'first' | 'last' }

export const noTally = (): EdgeTally => ({
  cycles: 0,
  requests: 0,
  lost: 0,
  mesh: 0,
  failed: 0,
  worstMs: 0,
  seenMs: [],
  trouble: [],
})

/** Adds what one client counted. */
export function addLap(tally: EdgeTally, lap: LoadStats): void {
  const versions = Object.values(lap.versions)
  tally.requests += lap.sent
  tally.lost += lap.lost
  tally.mesh += lap.answered - versions.reduce((sum, { requests }) => sum + requests, 0)
  tally.failed += versions.reduce((sum, { failed }) => sum + failed, 0)
  tally.worstMs = Math.max(tally.worstMs, lap.latency.max)
  tally.trouble.push(...lap.trouble)
}

/** A proxy that obeyed before the watch had told us was seen at once. Throws where the version never answered. */
export function seenAfter({ version, at, sign }: Written, { versions }: LoadStats): number {
  const tally = versions[version]
  if (!tally) throw new Error(`version ${version} never answered`)
  return Math.max(0, (sign === 'first' ? tally.firstAt : tally.lastAt) - at)
}
