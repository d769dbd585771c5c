/** Counts of one version, as its own answers name it. Times are epoch milliseconds at which the answer was there. */
export type VersionTally = {
  requests: number
  /** Answered with 5xx by the version itself. */
  failed: number
  /** Answered, but slower than the load's `slowerThanMs`. */
  slow: number
  firstAt: number
  lastAt: number
  firstFailedAt?: number
  firstSlowAt?: number
}

export type LoadStats = {
  sent: number
  answered: number
  /** No answer: refused, cut off, or not in time. */
  lost: number
  /** Answers with 5xx that no version gave: the proxy found nobody to ask. */
  mesh: number
  statuses: Record<string, number>
  versions: Record<string, VersionTally>
  /** Milliseconds from the time at which the request was due; a generator that falls behind shows here. */
  latency: { p50: number; p99: number; max: number }
  /** The first 20 of what was lost or answered by the proxy alone. */
  trouble: { at: number; what: string }[]
}

export type Answer = { status: number; version: string | undefined; at: number; latencyMs: number }

export type Tally = {
  sent(): void
  answered(answer: Answer): void
  lost(at: number, why: string): void
  stats(): LoadStats
}

const LONGEST_MS = 10_000
const TROUBLE_KEPT = 20

export function createTally({ slowerThanMs }: { slowerThanMs: number }): Tally {
  const stats: Omit<LoadStats, 'latency'> = {
    sent: 0,
    answered: 0,
    lost: 0,
    mesh: 0,
    statuses: {},
    versions: {},
    trouble: [],
  }
  const perMillisecond = new Uint32Array(LONGEST_MS + 1)

  function note(at: number, what: string): void {
    if (stats.trouble.length < TROUBLE_KEPT) stats.trouble.push({ at, what })
  }

  return {
    sent: () => void (stats.sent += 1),
    lost(at, why) {
      stats.lost += 1
      note(at, why)
    },
    answered(answer) {
      const { status, version, at, latencyMs } = answer
      stats.answered += 1
      stats.statuses[status] = (stats.statuses[status] ?? 0) + 1
      perMillisecond[Math.min(LONGEST_MS, Math.round(latencyMs))]! += 1
      if (version !== undefined) count((stats.versions[version] ??= begin(at)), answer, slowerThanMs)
      else if (status >= 500) {
        stats.mesh += 1
        note(at, `${status} from the proxy`)
      }
    },
    stats: () => structuredClone({ ...stats, latency: quantiles(perMillisecond, stats.answered) }),
  }
}

const begin = (at: number): VersionTally => ({ requests: 0, failed: 0, slow: 0, firstAt: at, lastAt: at })

function count(tally: VersionTally, { status, at, latencyMs }: Answer, slowerThanMs: number): void {
  tally.requests += 1
  tally.lastAt = at
  if (status >= 500) {
    tally.failed += 1
    tally.firstFailedAt ??= at
  }
  if (latencyMs > slowerThanMs) {
    tally.slow += 1
    tally.firstSlowAt ??= at
  }
}

function quantiles(perMillisecond: Uint32Array, total: number): LoadStats['latency'] {
  const at = (share: number): number => {
    let left = Math.ceil(total * share)
    return perMillisecond.findIndex((count) => (left -= count) <= 0)
  }
  return total === 0 ? { p50: 0, p99: 0, max: 0 } : { p50: at(0.5), p99: at(0.99), max: at(1) }
}
