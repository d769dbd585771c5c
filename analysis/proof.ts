import { culpritPod } from './breakdown.ts'
import { totalOf, type Cell } from './cell.ts'
import { excess } from './excess.ts'
import { cellsOf, leaderOf, type Leader, type Situation } from './situation.ts'
import type { Witness } from './stream.ts'

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
  return leader && row.cells[leader.stream.key] && isEnough(openFloor(situation, leader)()) ? leader : undefined
}

/** Bad events beyond what is tolerated, and how many there have to be: at least three, and a part of what the objective allows. */
export type Floor = {
  against: Witness['against']
  beyond: number
  requests: number
  least: number
  leastShare: number
}

export const isEnough = ({ beyond, least, leastShare, requests }: Floor): boolean =>
  beyond >= least && beyond >= leastShare * requests

/** The floor keeps evidence that is certain but about nothing from deciding. With one more row, too. */
export function openFloor(
  situation: Situation,
  { stream, witness, startRow }: Pick<Leader, 'stream' | 'witness' | 'startRow'>,
): (further?: Cell) => Floor {
  const seen = cellsOf(situation, stream.key, startRow, situation.index)
  const { slo } = situation.policy
  const sum = excess({ rows: seen })
  const [n, , x] = totalOf(seen)
  const leastShare = slo === undefined ? 0 : LEAST_PART * (1 - slo)
  return (further = [0, 0, 0, 0]) => {
    const [requests, bad] = [n + further[0], x + further[2]]
    const allowed = (stream.objective?.pStar ?? 0) * requests
    const beyond = witness.against === 'objective' ? bad - allowed : sum.S + excess({ rows: [further] }).S
    return { against: witness.against, beyond, requests, least: LEAST_EXCESS, leastShare }
  }
}

/** What is proven, but about too few bad events; undefined where nothing is, and where it decides. */
export function tooFew(situation: Situation): Floor | undefined {
  if (situation.row.flag !== undefined || !situation.evidence.reaches(threshold(situation))) return undefined
  const leader = leaderOf(situation.evidence)
  const floor = leader && openFloor(situation, leader)()
  return floor && !isEnough(floor) ? floor : undefined
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
