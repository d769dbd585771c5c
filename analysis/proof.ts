import { culpritPod } from './breakdown.ts'
import { excess } from './excess.ts'
import { cellsOf, leaderOf, type Leader, type Situation } from './situation.ts'

/** ln of the evidence at which a release goes back. */
export const threshold = ({ policy }: Pick<Situation, 'policy'>): number => -Math.log(policy.falseRollback)

const LEAST_EXCESS = 3
/** Of what the objective allows. */
const LEAST_PART = 0.25

/** What proves harm at this row: evidence beyond the threshold that is about enough bad events (analysis.md 4, check 2). */
export function proofOf(situation: Situation): Leader | undefined {
  const { row, isOpen, evidence } = situation
  if (row.flag !== undefined || isOpen || !evidence.reaches(threshold(situation))) {
    return undefined
  }
  const leader = leaderOf(evidence)
  return leader && row.cells[leader.stream.key] && isEnough(situation, leader) ? leader : undefined
}

/** The floor keeps evidence that is certain but about nothing from deciding. */
function isEnough(situation: Situation, { stream, witness, startRow }: Leader): boolean {
  const cells = cellsOf(situation, stream.key, startRow, situation.index)
  const requests = cells.reduce((sum, [nc]) => sum + nc, 0)
  const bad = cells.reduce((sum, [, , xc]) => sum + xc, 0)
  const beyond =
    witness.against === 'objective' ? bad - (stream.objective?.pStar ?? 0) * requests : excess({ rows: cells }).S
  const { slo } = situation.policy
  return beyond >= LEAST_EXCESS && beyond >= (slo === undefined ? 0 : LEAST_PART * (1 - slo) * requests)
}

/** The pod that has to be replaced before the release is blamed: once in a release, and only for failed requests. */
export function localisedPod(situation: Situation, leader: Leader): { key: string; shareOfExcess: number } | undefined {
  const { policy, rows, index } = situation
  if (!policy.replaceLocalised || leader.metric.metric.kind !== 'requests' || leader.witness.against !== 'baseline') {
    return undefined
  }
  if (rows.slice(0, index + 1).some(({ replaced }) => replaced)) return undefined
  return culpritPod(situation, leader.stream.key, leader.startRow)
}
