import type { Client } from './client.ts'
import type { Line } from './labels.ts'
import { beganAtZero } from './origin.ts'
import { count, strangers, type Growth, type Tape } from './tape.ts'

export type GrowthOptions = {
  client: Client
  /** Epoch seconds at which the release began. */
  startedAt: number
  /** The look that found the lines, epoch seconds. */
  from: number
  at: number
  /** The row. */
  t0: number
  t1: number
  timeoutMs: number
}

/** What every series of a row has grown by. Throws Unusable, and has gone on all the same. */
export async function growthsOf(options: GrowthOptions, tape: Tape, lines: Line[]): Promise<Growth[]> {
  const { t0, t1, ...asked } = options
  const unknown = strangers(tape, lines, t0, t1)
  const proof = unknown.length > 0 ? await beganAtZero({ ...asked, lines: unknown }) : () => false
  return count(tape, { lines, t0, t1, beganAtZero: proof })
}
