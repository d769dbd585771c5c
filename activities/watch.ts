import { ApplicationFailure } from '@temporalio/activity'
import type { Running } from '../analysis/ledger.ts'
import type { HoldReason } from '../crds/verdict.ts'
import { describeError } from '../kube/index.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import type { Mark, RolloutRef } from './picture.ts'
import { openRecord, type Record } from './record.ts'
import { bareRow, crashRow, rowOf } from './rows.ts'
import { resultOf } from './result.ts'
import { sightings, type Sighting } from './sightings.ts'

export type WatchInput = {
  ref: RolloutRef
  release: number
  canary: string
  stable: string
  epoch: number
  /** Every stretch at one weight, oldest first. */
  marks: Mark[]
  /** The step that has a right to advance. */
  running?: Running
  /** The hold that the workflow knows of already. */
  lastHold?: Pick<Hold, 'reason' | 'cause'>
  /**
   * Epoch seconds from which on nothing was judged yet: the first row that ends later is told, whatever it says, and of
   * older ones only what ends the release.
   */
  judgedFrom?: number
}

export type Hold = {
  reason: string
  sentence: string
  /** Why there is no data, without figures: another cause is news. */
  cause?: string
  /** Whom a `localised` hold wants to see replaced. */
  replacePod?: string
}

export type WatchResult =
  | { kind: 'rollback' | 'retreat'; reason: string; sentence: string; ledgerHash: string }
  /** `weight`: where a ramp goes next; null is its end. */
  | { kind: 'advance'; sentence: string; ledgerHash: string; weight?: number | null }
  /** Without `hold`: what held is over. */
  | { kind: 'holdChanged'; hold?: Hold }
  | { kind: 'hour' }

const HOUR_MS = 60 * 60_000

/**
 * Watches the canary until there is a verdict, another reason to hold, or an hour has passed. A watch that cannot do
 * its work says so as a hold, once; then it is left to be tried again.
 */
export function watch(deps: Deps, input: WatchInput): Promise<WatchResult> {
  return heartbeating(async (signal) => {
    const passed = new AbortController()
    const hour = setTimeout(() => passed.abort(), HOUR_MS)
    try {
      const result = await follow(deps, input, AbortSignal.any([signal, passed.signal]))
      signal.throwIfAborted()
      return result ?? { kind: 'hour' }
    } catch (error) {
      if (signal.aborted || error instanceof ApplicationFailure || input.lastHold?.reason === BLIND) throw error
      return { kind: 'holdChanged', hold: blind(input, describeError(error)) }
    } finally {
      clearTimeout(hour)
    }
  })
}

async function follow(deps: Deps, input: WatchInput, signal: AbortSignal): Promise<WatchResult | undefined> {
  const record = await openRecord(deps, input)
  const [first] = input.marks
  // A process that ended between two watches of this release has crashed all the same.
  const since = first ? { since: first.since } : {}
  const pods = { namespace: input.ref.namespace, rollout: input.ref.name, revision: input.canary, ...since }
  const readings = record.readings(signal)
  try {
    for await (const sighting of sightings({ workload: deps.workload, pods, readings, signal })) {
      if (!note(sighting, input.marks, record)) continue
      const result = await conclude(record, input)
      if (!result) continue
      deps.metrics.analysisVerdicts.inc({ ...input.ref, verdict: result.kind })
      return result
    }
  } finally {
    await record.close()
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

/** What has to be done at once is said, stored or not; but nothing moves forward on evidence that is lost. */
async function conclude(record: Record, input: WatchInput): Promise<WatchResult | undefined> {
  const explanation = record.verdict()
  const result = resultOf(explanation, input, record)
  const unstored = await record.write(explanation, result !== undefined)
  if (unstored === undefined || result?.kind === 'rollback' || result?.kind === 'retreat') return result
  if (input.lastHold?.reason === BLIND) return undefined
  return { kind: 'holdChanged', hold: blind(input, `the evidence cannot be stored: ${unstored}`) }
}

const BLIND: HoldReason = 'noData'

const blind = ({ marks }: WatchInput, why: string): Hold => ({
  reason: BLIND,
  sentence: `Holding at ${marks.at(-1)?.weight ?? 0} %: ${why}.`,
  cause: why,
})
