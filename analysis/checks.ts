import type { Cell } from './cell.ts'
import { excess } from './excess.ts'
import type { Finding } from './finding.ts'
import { isOpen } from './growth.ts'
import { cellsOf, counts, hasData, leaderOf, type Situation } from './situation.ts'

/** The order of analysis.md 4: the first that finds something decides. */
export function check(situation: Situation): Finding {
  return (
    crash(situation) ??
    retreat(situation) ??
    mostlyBad(situation) ??
    evidence(situation) ??
    budget(situation) ??
    noData(situation) ??
    advance(situation) ??
    deadline(situation) ?? { verdict: 'hold', reason: 'notYet', bare: situation.row.flag === 'retreat' }
  )
}

/** ln of the evidence at which a release goes back. */
export const threshold = ({ policy }: Pick<Situation, 'policy'>): number => -Math.log(policy.falseRollback)

/** Canary requests without which a clocked step does not end. */
export const ENOUGH_REQUESTS = 50

const BARE_ROWS = 2
const BARE_SECONDS = 5
const MOST_RETREATS = 3
const FAST_REQUESTS = 20
const LEAST_EXCESS = 3

function crash({ row }: Situation): Finding | undefined {
  return row.crash && row.weight > 0 ? { verdict: 'rollback', reason: 'crash' } : undefined
}

/** Pods that were taken away are no verdict on the code, but without pods nobody can be served. */
function retreat({ rows, index, row, retreats }: Situation): Finding | undefined {
  if (row.flag !== 'retreat' || row.weight === 0) return undefined
  const before = rows.slice(Math.max(0, index - BARE_ROWS + 1), index + 1)
  const inTwoRows =
    before.length === BARE_ROWS && before.every(({ flag, slot }) => flag === 'retreat' && slot === row.slot)
  if (!inTwoRows && (row.bareFor ?? 0) < BARE_SECONDS) return undefined
  const times = retreats + 1
  return times > MOST_RETREATS
    ? { verdict: 'rollback', reason: 'notReady', times }
    : { verdict: 'retreat', reason: 'notReadyPods', times }
}

/** Without the look at the baseline a total outage that both share would roll back. */
function mostlyBad({ rows, index, row, spent }: Situation): Finding | undefined {
  if (row.weight === 0 || !counts(row)) return undefined
  for (const key of spent.keys()) {
    const sum: Cell = [0, 0, 0, 0]
    let used = 0
    for (let i = index; i >= 0 && sum[0] < FAST_REQUESTS; i--) {
      const past = rows[i]
      if (past?.slot !== row.slot) break
      const cell = counts(past) ? past.cells[key] : undefined
      if (cell) cell.forEach((count, arm) => (sum[arm] = (sum[arm] ?? 0) + count))
      used += 1
    }
    const [nc, nb, xc, xb] = sum
    const baseline = nb === 0 ? 0 : xb / nb
    if (row.cells[key] && nc >= FAST_REQUESTS && xc / nc > 0.5 && baseline < xc / nc / 2) {
      return { verdict: 'rollback', reason: 'mostlyBad', cell: sum, rows: used }
    }
  }
  return undefined
}

/** The floor keeps evidence that is certain but about nothing from deciding. */
function evidence(situation: Situation): Finding | undefined {
  const { policy, rows, index, row } = situation
  if (row.flag !== undefined || isOpen({ policy, rows }, index)) return undefined
  if (situation.evidence.lnE() < threshold(situation)) return undefined
  const leader = leaderOf(situation.evidence)
  if (!leader || !row.cells[leader.stream.key]) return undefined
  const cells = cellsOf(situation, leader.stream.key, leader.startRow, index)
  const { S } = excess({ rows: cells })
  const requests = cells.reduce((sum, [nc]) => sum + nc, 0)
  const least = policy.slo === undefined ? 0 : ((1 - policy.slo) / 4) * requests
  return S >= LEAST_EXCESS && S >= least ? { verdict: 'rollback', reason: 'evidence' } : undefined
}

/** Outside the α guarantee: what a release may cost, however uncertain its cause. */
function budget({ policy, row, spent }: Situation): Finding | undefined {
  if (!counts(row)) return undefined
  for (const [metric, { S, V }] of spent) {
    if (!row.cells[metric]) continue
    if (S >= Math.max(policy.errorBudget, 4 * Math.sqrt(policy.burst * V))) {
      return { verdict: 'rollback', reason: 'budget', metric, excess: S, budget: policy.errorBudget }
    }
  }
  return undefined
}

function noData({ row, evidence }: Situation): Finding | undefined {
  if (row.flag === 'retreat' || evidence.metrics.length === 0) return undefined
  const missing = evidence.metrics
    .filter(({ streams }) => streams.length === 0 || streams.some(({ key }) => !row.cells[key]))
    .map(({ metric }) => metric.name)
  return missing.length > 0 || row.flag === 'gap' ? { verdict: 'hold', reason: 'noData', missing } : undefined
}

function advance(situation: Situation): Finding | undefined {
  const { step, row, evidence } = situation
  if (!step || row.flag !== undefined || !hasData(row, evidence)) return undefined
  const covered = step.covered >= step.for && step.canary >= ENOUGH_REQUESTS
  return covered && evidence.lnE() < threshold(situation) ? { verdict: 'advance', reason: 'clean' } : undefined
}

/** Counts rows with data inside the running `analyze` step only: silence has a deadline of its own. */
function deadline({ policy, step, evidence }: Situation): Finding | undefined {
  if (!step || step.covered < policy.deadline) return undefined
  if (policy.onInconclusive === 'rollback') return { verdict: 'rollback', reason: 'deadline' }
  if (policy.onInconclusive === 'promote' && evidence.lnE() < 0)
    return { verdict: 'advance', reason: 'deadlinePromote' }
  return { verdict: 'hold', reason: 'inconclusive' }
}
