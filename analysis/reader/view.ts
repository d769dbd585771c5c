import type { Batch, Wish } from './batch.ts'
import { lineOf, type Line } from './labels.ts'
import { AskError, MOST_SERIES, TooManySeries } from './refusal.ts'

/**
 * Requests and durations are asked for apart: other series, other queries. `pods` is what the canary's pods answered, for
 * attribution only: no row waits for it, and nothing is missing without it.
 */
export type Family = 'requests' | 'latency' | 'pods'

/** What one look has seen: the lines of each family, or why there are none. */
export type View = { at: number; from: number; families: Map<Family, Line[] | AskError> }

export type LookOptions = {
  batch: Batch
  namespace: string
  canary: string
  baseline: string
  /** Boundaries in milliseconds; without any there is no latency to look for. */
  boundaries: number[]
  families: Family[]
  /** Epoch seconds: samples in (from, at]. */
  from: number
  at: number
  timeoutMs: number
}

export async function look(options: LookOptions): Promise<View> {
  const { batch, families, boundaries, from, at } = options
  const asked = families.filter((family) => family !== 'latency' || boundaries.length > 0)
  const answers = await Promise.all(
    asked.map(async (family): Promise<[Family, Line[] | AskError]> => {
      try {
        const series = await batch.ask(wishOf(family, options))
        return [family, series.map(lineOf)]
      } catch (error) {
        if (error instanceof AskError) return [family, error]
        throw error
      }
    }),
  )
  return { at, from, families: bounded(new Map(answers)) }
}

function wishOf(family: Family, { namespace, canary, baseline, boundaries, from, at, timeoutMs }: LookOptions): Wish {
  const wish = { namespace, from, at, timeoutMs, services: [canary, baseline], boundaries: [] }
  if (family === 'latency') return { ...wish, boundaries }
  return family === 'pods' ? { ...wish, services: [canary], reporter: 'destination' } : wish
}

/** A release has so many series in all, and not of each family; the pods' are none of its evidence. */
function bounded(families: View['families']): View['families'] {
  const all = [...families].filter(([family]) => family !== 'pods')
  const series = all.reduce((sum, [, lines]) => sum + (Array.isArray(lines) ? lines.length : 0), 0)
  if (series <= MOST_SERIES) return families
  return new Map(all.map(([family]) => [family, new TooManySeries(series)]))
}
