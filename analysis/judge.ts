import type { Explanation } from '../crds/verdict.ts'
import { check } from './checks.ts'
import { explain, explainNothing } from './explanation.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { situations } from './situation.ts'

/**
 * Folds the checks of analysis.md 4 over the rows: the first rollback, or the first retreat that no later slot has
 * answered, else the verdict of the last row. Only `ledger.running` has a right to advance. The same ledger gives the
 * same bytes. Throws RangeError for cells that are no counts, and for a ramp that runs without a ladder.
 */
export function judge({ ledger }: { ledger: Ledger }): Explanation {
  const last = ledger.rows.length - 1
  const lastSlot = ledger.rows.at(-1)?.slot
  const answered = new Set<number>()
  for (const situation of situations(ledger)) {
    const { row, index } = situation
    // One answer per slot: what follows in the same slot is the tail of the same retreat.
    if (!answered.has(row.slot)) situation.retreats = answered.size
    const finding = check(situation)
    const isHistory = finding.verdict === 'retreat' && row.slot !== lastSlot
    if (isHistory) answered.add(row.slot)
    if (index === last || (isFinal(finding) && !isHistory)) return explain(ledger, situation, finding)
  }
  return explainNothing(ledger)
}

const isFinal = ({ verdict }: Finding): boolean => verdict === 'rollback' || verdict === 'retreat'
