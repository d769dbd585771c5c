import type { Batch } from './batch.ts'
import { lineOf, type Line } from './labels.ts'
import { AskError } from './refusal.ts'

/** Requests and durations are asked for apart: other series, other queries. */
export type Family = 'requests' | 'latency'

/** What one look has seen: the lines of each family, or why there are none. */
export type View = { at: number; from: number; families: Map<Family, Line[] | AskError> }

export type LookOptions = {
  batch: Batch
  namespace: string
  services: string[]
  /** Boundaries in milliseconds; without any there is no latency to look for. */
  boundaries: number[]
  families: Family[]
  /** Epoch seconds: samples in (from, at]. */
  from: number
  at: number
  timeoutMs: number
}

export async function look(options: LookOptions): Promise<View> {
  const { batch, families, boundaries, from, at, ...wish } = options
  const asked = families.filter((family) => family === 'requests' || boundaries.length > 0)
  const answers = await Promise.all(
    asked.map(async (family): Promise<[Family, Line[] | AskError]> => {
      try {
        const own = family === 'latency' ? boundaries : []
        const series = await batch.ask({ ...wish, from, at, boundaries: own })
        return [family, series.map(lineOf)]
      } catch (error) {
        if (error instanceof AskError) return [family, error]
        throw error
      }
    }),
  )
  return { at, from, families: new Map(answers) }
}
