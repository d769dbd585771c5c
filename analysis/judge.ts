import type { Explanation } from '../crds/verdict.ts'
import { check } from './checks.ts'
import { explain, explainNothing } from './explanation.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { situations, type Analyze } from './situation.ts'

export type JudgeOptions = {
  ledger: Ledger
  /** The running `analyze` step; without one there is no right to advance. */
  analyze?: Analyze
}

/**
 * Folds the checks of analysis.md 4 over the rows: the first rollback, or the first retreat that no later slot has
 * answered, else the verdict of the last row. The same ledger and step give the same bytes. Throws RangeError for
 * cells that are no counts.
 */
export function judge({ ledger, analyze }: JudgeOptions): Explanation {
  const lastSlot = ledger.rows.at(-1)?.slot
  const answered = new Set<number>()
  for (const situation of situations(ledger, analyze)) {
    const { row, index } = situation
    // One answer per slot: what follows in the same slot is the tail of the same retreat.
    if (!answered.has(row.slot)) situation.retreats = answered.size
    const finding = check(situation)
    const isHistory = finding.verdict === 'retreat' && row.slot !== lastSlot
    if (isHistory) answered.add(row.slot)
    if (index === ledger.rows.length - 1 || (isFinal(finding) && !isHistory)) return explain(ledger, situation, finding)
  }
  return explainNothing(ledger)
}

const isFinal = ({ verdict }: Finding): boolean => verdict === 'rollback' || verdict === 'retreat'
