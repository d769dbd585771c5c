import { Context } from '@temporalio/activity'
import { judge } from '../analysis/index.ts'
import type { Explanation } from '../crds/verdict.ts'
import type { Deps } from './deps.ts'
import type { Mark, RolloutRef } from './picture.ts'
import { openRecord, type Record } from './record.ts'
import { bareRow, crashRow, rowOf } from './rows.ts'
import { sightings, type Sighting } from './sightings.ts'

export type WatchInput = {
  ref: RolloutRef
  release: number
  canary: string
  stable: string
  epoch: number
  /** Every stretch at one weight, oldest first. */
  marks: Mark[]
  /** An `analyze` step gives the right to advance: it began at `from` (epoch s) and lasts `for` (s). */
  analyze?: { from: number; for: number }
  /** The hold that the workflow knows of already. */
  lastHold?: string
}

export type WatchResult =
  | { kind: 'rollback' | 'retreat'; reason: string; sentence: string; ledgerHash: string }
  | { kind: 'advance'; sentence: string; ledgerHash: string }
  /** Without `hold`: what held is over. */
  | { kind: 'holdChanged'; hold?: { reason: string; sentence: string } }
  | { kind: 'hour' }

const HEARTBEAT_MS = 2_000
const HOUR_MS = 60 * 60_000
/** Waiting for more of the same is not news; every other hold is. */
const QUIET_HOLDS = new Set(['notYet', 'clean'])

/** Watches the canary until there is a verdict, another reason to hold, or an hour has passed. */
export async function watch(deps: Deps, input: WatchInput): Promise<WatchResult> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const ended = new AbortController()
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal])
  const hour = setTimeout(() => ended.abort(), HOUR_MS)
  try {
    const result = await follow(deps, input, signal)
    context.cancellationSignal.throwIfAborted()
    return result ?? { kind: 'hour' }
  } finally {
    clearInterval(beat)
    clearTimeout(hour)
    ended.abort()
  }
}

async function follow(deps: Deps, input: WatchInput, signal: AbortSignal): Promise<WatchResult | undefined> {
  const record = await openRecord(deps, input)
  const [first] = input.marks
  // A process that ended between two watches of this release has crashed all the same.
  const since = first ? { since: first.since } : {}
  const pods = { namespace: input.ref.namespace, rollout: input.ref.name, revision: input.canary, ...since }
  const readings = record.readings(signal)
  for await (const sighting of sightings({ workload: deps.workload, pods, readings, signal })) {
    if (!note(sighting, input.marks, record)) continue
    const explanation = judge({ ledger: record.ledger(), ...(input.analyze ? { analyze: input.analyze } : {}) })
    const result = resultOf(explanation, input, record)
    await record.write(explanation, result !== undefined)
    if (!result) continue
    deps.metrics.analysisVerdicts.inc({ ...input.ref, verdict: result.kind })
    return result
  }
  return undefined
}

/** True when the ledger grew. */
function note(sighting: Sighting, marks: Mark[], record: Record): boolean {
  const ledger = record.ledger()
  if (sighting.kind === 'crash') return record.add(crashRow(marks, ledger))
  if (sighting.kind === 'bare') return record.add(bareRow(marks, ledger))
  const row = rowOf(sighting.reading, sighting.ready, marks, ledger)
  return row !== undefined && record.add(row)
}

function resultOf(explanation: Explanation, { lastHold }: WatchInput, record: Record): WatchResult | undefined {
  const { verdict, reason, sentence } = explanation
  if (verdict === 'rollback' || verdict === 'retreat')
    return { kind: verdict, reason, sentence, ledgerHash: record.hash() }
  if (verdict === 'advance') return { kind: 'advance', sentence, ledgerHash: record.hash() }
  const silent = record.silentFor(explanation)
  const hold = QUIET_HOLDS.has(reason)
    ? undefined
    : { reason: silent ? 'dataDeadline' : reason, sentence: silent ?? sentence }
  if (hold?.reason === lastHold) return undefined
  return hold ? { kind: 'holdChanged', hold } : { kind: 'holdChanged' }
}
