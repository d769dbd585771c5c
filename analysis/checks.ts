import { balanceOf } from './balance.ts'
import type { Cell } from './cell.ts'
import type { Finding } from './finding.ts'
import { brokenBound, hardOnes, outsideAt } from './gauges.ts'
import type { Running } from './ledger.ts'
import { localisedPod, proofOf, threshold, tooFew } from './proof.ts'
import { climb } from './ramp.ts'
import { counts, isUsed } from './row.ts'
import { conversionsOf, hasData, isUnjudged, type Situation } from './situation.ts'

/**
 * The order of analysis.md 4: the first that finds something decides. Of rows that are history only what ends a release
 * matters, and holds are not looked for. A release that costs too much or breaks a bound does not wait for a pod.
 */
export function check(situation: Situation): Finding {
  const ending =
    crash(situation) ??
    retreat(situation) ??
    mostlyBad(situation) ??
    evidence(situation) ??
    budget(situation) ??
    bound(situation)
  if (ending) return ending
  const notYet: Finding = { verdict: 'hold', reason: 'notYet', bare: situation.row.flag === 'retreat' }
  const isHistory = situation.index < situation.rows.length - 1
  if (isHistory && !(situation.policy.onInconclusive === 'rollback' && isOverdue(situation))) return notYet
  return (
    localised(situation) ??
    ignorance(situation) ??
    mismatch(situation) ??
    advance(situation) ??
    deadline(situation) ??
    unjudged(situation) ??
    insignificant(situation) ??
    notYet
  )
}

/** Canary requests without which a clocked step does not end. */
export const ENOUGH_REQUESTS = 50
/** Canary requests without which the fast path does not decide. */
export const FAST_REQUESTS = 20

const BARE_ROWS = 2
const BARE_SECONDS = 5
const MOST_RETREATS = 3

function crash({ row }: Situation): Finding | undefined {
  return row.crash && isUsed(row) ? { verdict: 'rollback', reason: 'crash' } : undefined
}

/** Pods that were taken away are no verdict on the code, but without pods nobody can be served. */
function retreat({ rows, index, row, retreats }: Situation): Finding | undefined {
  if (row.flag !== 'retreat' || !isUsed(row)) return undefined
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
function mostlyBad(situation: Situation): Finding | undefined {
  const { row, spent } = situation
  if (row.weight === 0 || !counts(row)) return undefined
  for (const key of spent.keys()) {
    const last = row.cells[key]
    if (!last || (last[0] >= FAST_REQUESTS && last[2] <= last[0] / 2)) continue
    const { cell, used } = trailing(situation, key)
    const [nc, nb, xc, xb] = cell
    if (nb === 0 && row.weight < 100) continue
    const baseline = nb === 0 ? 0 : xb / nb
    if (nc >= FAST_REQUESTS && xc / nc > 0.5 && baseline < xc / nc / 2) {
      return { verdict: 'rollback', reason: 'mostlyBad', metric: key, cell, rows: used }
    }
  }
  return undefined
}

/** The last row, or so many of this slot that there are enough canary requests, and one of stable where it has traffic. */
function trailing({ rows, index, row }: Situation, key: string): { cell: Cell; used: number } {
  const sum: Cell = [0, 0, 0, 0]
  let used = 0
  const isEnough = (): boolean => sum[0] >= FAST_REQUESTS && (sum[1] > 0 || row.weight === 100)
  for (let i = index; i >= 0 && !isEnough(); i--) {
    const past = rows[i]
    if (past?.slot !== row.slot) break
    const cell = counts(past) ? past.cells[key] : undefined
    if (cell) for (const arm of [0, 1, 2, 3] as const) sum[arm] += cell[arm]
    used += 1
  }
  return { cell: sum, used }
}

function evidence(situation: Situation): Finding | undefined {
  const proof = proofOf(situation)
  return proof && !localisedPod(situation, proof) ? { verdict: 'rollback', reason: 'evidence' } : undefined
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

function bound({ gauges, rows, index }: Situation): Finding | undefined {
  if (gauges.length === 0) return undefined
  const gauge = brokenBound(gauges, rows, index)
  return gauge && { verdict: 'rollback', reason: 'bound', gauge }
}

function localised(situation: Situation): Finding | undefined {
  const proof = proofOf(situation)
  const pod = proof && localisedPod(situation, proof)
  return pod && { verdict: 'hold', reason: 'localised', pod: pod.key, share: pod.shareOfExcess }
}

function ignorance({ policy, row, evidence, gauges }: Situation): Finding | undefined {
  const conversions = conversionsOf(policy)
  if (row.flag === 'retreat' || evidence.metrics.length + gauges.length + conversions.length === 0) return undefined
  if (row.tooManySeries) return { verdict: 'hold', reason: 'tooManySeries' }
  const silent = evidence.metrics.filter(
    ({ streams }) => streams.length === 0 || streams.some(({ key }) => !row.cells[key]),
  )
  const unknown = hardOnes(gauges).filter((gauge) => gauge.isWithin(row) === undefined)
  const missing = [
    ...silent.map(({ metric }) => metric.name),
    ...conversions.filter((name) => !row.users?.[name]),
    ...unknown.map(({ name }) => name),
  ]
  return missing.length > 0 || row.flag === 'gap' ? { verdict: 'hold', reason: 'noData', missing } : undefined
}

function mismatch(situation: Situation): Finding | undefined {
  if (situation.row.flag === 'retreat') return undefined
  return balanceOf(situation)?.isOff ? { verdict: 'hold', reason: 'splitMismatch' } : undefined
}

function advance(situation: Situation): Finding | undefined {
  const { step, row, evidence } = situation
  if (isOutOfBounds(situation)) return undefined
  if (!step || row.flag !== undefined || !hasData(row, situation) || evidence.reaches(threshold(situation))) {
    return undefined
  }
  if (isUnjudged(situation)) return undefined
  if (step.running.kind === 'ramp') return climb(situation)
  if (step.running.kind === 'abTest') return preferred(situation)
  return isCovered(situation) ? { verdict: 'advance', reason: 'clean' } : undefined
}

/** What is known of both revisions ends an A/B test, whichever is better. */
function preferred(situation: Situation): Finding | undefined {
  const running = situation.step?.running
  const { preference } = situation
  if (running?.kind !== 'abTest' || running.metric === undefined || !preference?.winner) return undefined
  const found = { reason: 'preferred', metric: running.metric, preference } as const
  return preference.winner === 'b' ? { verdict: 'advance', ...found } : { verdict: 'rollback', ...found }
}

/** A clocked step has seen what it was to see. */
function isCovered({ step, evidence }: Situation): boolean {
  if (!step || step.running.kind === 'ramp' || step.running.kind === 'abTest') return false
  return step.covered >= step.running.for && (evidence.metrics.length === 0 || step.canary >= ENOUGH_REQUESTS)
}

/** Their time is their own. */
export const TIMED: ReadonlySet<Running['kind']> = new Set<Running['kind']>(['bake', 'abTest'])

/** Counts rows with data inside the running `analyze` or ramp only: silence has a deadline of its own, and a bake has its time. */
function deadline(situation: Situation): Finding | undefined {
  if (!isOverdue(situation)) return undefined
  const { policy, evidence } = situation
  if (policy.onInconclusive === 'rollback') return { verdict: 'rollback', reason: 'deadline' }
  if (policy.onInconclusive === 'promote' && evidence.lnE() < 0 && !isUnjudged(situation) && !isOutOfBounds(situation))
    return { verdict: 'advance', reason: 'deadlinePromote' }
  return { verdict: 'hold', reason: 'inconclusive', why: isUnjudged(situation) ? 'unjudged' : 'deadline' }
}

/** Evidence that may not roll back keeps a step from ending all the same: a person has to know. */
function insignificant(situation: Situation): Finding | undefined {
  if (situation.step?.running.kind !== 'ramp' && !isCovered(situation)) return undefined
  return tooFew(situation) && { verdict: 'hold', reason: 'inconclusive', why: 'tooFew' }
}

/** One row is no verdict yet, but no ground to go on either. */
const isOutOfBounds = ({ gauges, row }: Situation): boolean => outsideAt(hardOnes(gauges), row).length > 0

/** It cannot get better by waiting, so that it is said at once. */
function unjudged(situation: Situation): Finding | undefined {
  const isStep = situation.step !== undefined && situation.row.flag === undefined
  return isStep && isUnjudged(situation) ? { verdict: 'hold', reason: 'inconclusive', why: 'unjudged' } : undefined
}

const isOverdue = ({ policy, step }: Situation): boolean =>
  step !== undefined && !TIMED.has(step.running.kind) && step.covered >= policy.deadline
