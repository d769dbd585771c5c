import {
  appendRow,
  judge,
  lastHeard,
  ledgerHash,
  type Ledger,
  type Reading,
  type Row,
  type Sampler,
} from '../analysis/index.ts'
import { formatDuration } from '../crds/duration.ts'
import type { Explanation } from '../crds/verdict.ts'
import { newLedger, readings, requestOf, unknown } from './asking.ts'
import type { Deps } from './deps.ts'
import { cursor } from './rows.ts'
import { needRelease, releaseAt, storedLedger } from './storage.ts'
import type { WatchInput } from './watch.ts'
import { openWriter, type Writer } from './writer.ts'

/** The ledger of one release, as this attempt knows it; it lives in the Release object. */
export type Record = Writer & {
  ledger(): Ledger
  hash(): string
  readings(signal: AbortSignal): AsyncIterable<Reading>
  /** False when the row is known already. */
  add(row: Row): boolean
  verdict(): Explanation
  /** What the pods alone say, whatever the requests. */
  verdictOnPods(): Explanation
  /** A sentence once there was no data for the whole data deadline. */
  silentFor(explanation: Explanation): string | undefined
}

export async function openRecord(deps: Deps, input: WatchInput): Promise<Record> {
  const at = releaseAt(input.ref, input.release)
  const release = await needRelease(deps, at)
  const { ledger: stored, damage } = storedLedger(release)
  const request = requestOf(release, input, stored?.policy ?? release.spec.policy)
  let known = runningNow(stored ?? newLedger(request), input.running)
  const begun = (sampler: Sampler): void => {
    if (known.sources.length === 0) known = { ...known, sources: sampler.sources(request) }
  }
  return {
    ...openWriter({ deps, at, epoch: input.epoch, ledger: () => known, damage }),
    ledger: () => known,
    hash: () => ledgerHash(known),
    readings(signal) {
      const isAlone = input.marks.at(-1)?.weight === 100
      const asked = { ...request, after: cursor(known, input.marks), ...(isAlone ? { isAlone } : {}) }
      return damage === undefined
        ? readings({ deps, request: asked, begun, signal })
        : unknown({ deps, request: asked, signal }, damage)
    },
    add(row) {
      if (row.t1 <= (known.rows.at(-1)?.t1 ?? 0)) return false
      known = appendRow(known, row)
      return true
    },
    verdict: () => judge({ ledger: known }),
    verdictOnPods: () => judge({ ledger: { ...known, policy: { ...known.policy, metrics: [] } } }),
    silentFor: (explanation) => silence(explanation, known),
  }
}

/** The verdict depends on what the step may do, so the ledger says it. */
function runningNow({ running: _before, ...ledger }: Ledger, running: WatchInput['running']): Ledger {
  return running ? { ...ledger, running } : ledger
}

function silence({ reason, sentence }: Explanation, ledger: Ledger): string | undefined {
  if (reason !== 'noData') return undefined
  const { rows, policy } = ledger
  const spoke = lastHeard(ledger)?.t1 ?? rows[0]?.t0 ?? 0
  const seconds = (rows.at(-1)?.t1 ?? 0) - spoke
  if (seconds < policy.dataDeadline) return undefined
  const lasted = formatDuration(seconds * 1_000)
  return `${sentence} This has lasted ${lasted}, longer than analysis.dataDeadline: somebody has to look; promote or abort.`
}
