import type { Line } from './labels.ts'
import { Unusable, type Growth } from './tape.ts'

/** What a caller's proxy reports, and a waypoint on the way reports again, is counted as the caller saw it. */

/** Lines and growths, every request once. Throws Unusable where it grows and labels do not say whose requests they are. */
export function toldOnce(lines: readonly Line[], growths: readonly Growth[]): { lines: Line[]; growths: Growth[] } {
  const isRepeated = repeatsOf(lines)
  return {
    lines: lines.filter(({ labels }) => isRepeated(labels) === false),
    growths: growths.filter(({ labels, amount }) => {
      const repeated = isRepeated(labels)
      if (repeated === undefined && amount > 0) throw new Unusable(UNCLEAR)
      return repeated === false
    }),
  }
}

export const UNCLEAR = 'callers and a waypoint report requests, and source_workload does not tell which are the same'

/** Whether a series repeats what one of these lines says; undefined where nobody knows. */
export function repeatsOf(lines: readonly Pick<Line, 'labels'>[]): (labels: Line['labels']) => boolean | undefined {
  const callers = new Set(lines.flatMap(({ labels }) => (labels.reporter === 'source' ? [callerOf(labels)] : [])))
  return (labels) => {
    if (labels.reporter !== 'waypoint' || callers.size === 0) return false
    const caller = callerOf(labels)
    if (caller === undefined || callers.has(undefined)) return undefined
    return callers.has(caller)
  }
}

/** A waypoint calls those unknown who came without an identity. */
function callerOf({ source_workload: workload, source_workload_namespace }: Line['labels']): string | undefined {
  if (workload === undefined || workload === '' || workload === 'unknown') return undefined
  return `${source_workload_namespace ?? ''}/${workload}`
}
