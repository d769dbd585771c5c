import { latencyKey } from '../evidence.ts'
import type { Reading, SampleRequest } from '../sampler.ts'
import type { Client } from './client.ts'
import type { Line } from './labels.ts'
import { beganAtZero } from './origin.ts'
import { assertReadable, tallyLatency, tallyRequests } from './tally.ts'
import { count, strangers, Unusable, type Growth, type Tape } from './tape.ts'
import type { Family, View } from './view.ts'

export type RowOptions = {
  client: Client
  request: SampleRequest
  tapes: Map<Family, Tape>
  /** Boundary (milliseconds) of each latency metric that has one. */
  boundaries: Map<string, number>
  view: View
  t0: number
  t1: number
  timeoutMs: number
}

/** What the row (t0, t1] counts. A metric that cannot be counted is missing from it, and the reading says why. */
export async function closeRow(options: RowOptions): Promise<Reading> {
  const { view, tapes, t0, t1 } = options
  const reading: Reading = { t0, t1, cells: {} }
  const missing = new Set<string>()
  for (const [family, tape] of tapes) {
    const lines = view.families.get(family)
    try {
      if (lines instanceof Error) throw new Unusable(lines.message)
      if (!lines) throw new Unusable('no histogram boundary is known at or above slowerThan')
      fill(reading, family, options, lines, await growthsOf(options, tape, lines))
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      missing.add(error.message)
    }
  }
  const lastSample = newestOf(view, t1)
  return {
    ...reading,
    ...(missing.size > 0 ? { missing: [...missing].join('; ') } : {}),
    ...(lastSample === undefined ? {} : { lastSample }),
  }
}

async function growthsOf(options: RowOptions, tape: Tape, lines: Line[]): Promise<Growth[]> {
  const { client, request, view, t0, t1, timeoutMs } = options
  const { startedAt } = request
  const unknown = strangers(tape, lines, t0, t1)
  const proof =
    unknown.length > 0
      ? await beganAtZero({ client, lines: unknown, from: view.from, at: view.at, startedAt, timeoutMs })
      : () => false
  return count(tape, { lines, t0, t1, beganAtZero: proof })
}

function fill(reading: Reading, family: Family, options: RowOptions, lines: Line[], growths: Growth[]): void {
  const { request, boundaries, t1 } = options
  assertReadable(
    lines.filter(({ samples: [first] }) => first !== undefined && first[0] <= t1),
    request,
    family === 'latency' ? 'durations' : 'requests',
  )
  if (family === 'requests') {
    const { cell, classes } = tallyRequests(growths, request)
    for (const { name, kind } of request.policy.metrics) if (kind === family) reading.cells[name] = [...cell]
    if (Object.keys(classes).length > 0) reading.classes = classes
    return
  }
  for (const { name, kind } of request.policy.metrics) {
    const boundary = boundaries.get(name)
    if (kind !== family || boundary === undefined) continue
    reading.cells[latencyKey(name, boundary)] = tallyLatency(growths, request, boundary)
  }
}

function newestOf({ families }: View, t1: number): number | undefined {
  const times = [...families.values()].flatMap((lines) =>
    lines instanceof Error ? [] : lines.flatMap(({ samples }) => samples.map(([time]) => time)),
  )
  const within = times.filter((time) => time <= t1)
  return within.length === 0 ? undefined : within.reduce((newest, time) => Math.max(newest, time))
}
