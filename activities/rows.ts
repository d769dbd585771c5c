import type { Ledger, Reading, Row } from '../analysis/index.ts'
import type { Mark } from './picture.ts'

/** A row that began before a weight change belongs to the older mark. */
export const markAt = (marks: Mark[], t0: number): Mark | undefined =>
  marks.findLast((mark) => mark.since <= t0) ?? marks[0]

/**
 * Epoch seconds from which readings are wanted: the last known row, or the row in which the current stretch of traffic
 * began. What happened while the canary had no weight is nobody's evidence.
 */
export function cursor(ledger: Ledger, marks: Mark[]): number {
  const { interval } = ledger.policy
  const lastBare = marks.findLastIndex((mark) => mark.weight === 0)
  const began = marks[lastBare + 1]?.since ?? marks.at(-1)?.since ?? 0
  // The row in which the canary came back after a retreat began before it: it would be the retreat's, and fire it again.
  const edge = lastBare < 0 ? Math.floor(began / interval) : Math.ceil(began / interval)
  return Math.max(ledger.rows.at(-1)?.t1 ?? 0, edge * interval)
}

/** Undefined for an interval in which the canary had no weight. */
export function rowOf(reading: Reading, ready: number, marks: Mark[], ledger: Ledger): Row | undefined {
  const mark = markAt(marks, reading.t0)
  if (!mark || mark.weight === 0) return undefined
  const warming = (mark.addedPods || mark.slot === 0) && reading.t0 < mark.since + ledger.policy.warmUp
  const flag = ready === 0 ? 'retreat' : reading.gap ? 'gap' : warming ? 'warmup' : undefined
  return {
    t0: reading.t0,
    t1: reading.t1,
    weight: mark.weight,
    slot: mark.slot,
    ...(flag ? { flag } : {}),
    ready,
    cells: reading.cells,
    ...(reading.users ? { users: reading.users } : {}),
    ...(reading.pods ? { pods: reading.pods } : {}),
    ...(reading.classes ? { classes: reading.classes } : {}),
    ...(reading.gauges ? { gauges: reading.gauges } : {}),
    ...(reading.tooManySeries ? { tooManySeries: true } : {}),
    ...(isFirstSinceReplacement(mark, marks, ledger) ? { replaced: true } : {}),
    ...(reading.missing === undefined ? {} : { missing: reading.missing }),
  }
}

/** The slot of a replaced pod may have ended before it had a row: then the next one begins with it. */
function isFirstSinceReplacement(mark: Mark, marks: Mark[], { rows }: Ledger): boolean {
  const last = rows.at(-1)?.slot ?? -1
  return marks.some(({ replaced, slot }) => replaced && slot > last && slot <= mark.slot)
}

/** The end of the canary's process closes the open row early: nobody has to wait for its edge. */
export const crashRow = (marks: Mark[], ledger: Ledger): Row => ({ ...earlyRow(marks, ledger), ready: 0, crash: true })

/** Five seconds without a ready pod close the open row early. */
export const bareRow = (marks: Mark[], ledger: Ledger): Row => ({
  ...earlyRow(marks, ledger),
  ready: 0,
  flag: 'retreat',
  bareFor: 5,
})

function earlyRow(marks: Mark[], ledger: Ledger): Omit<Row, 'ready'> {
  const t0 = cursor(ledger, marks)
  const mark = marks.at(-1)
  return {
    t0,
    t1: t0 + ledger.policy.interval,
    weight: mark?.weight ?? 0,
    ...(mark?.beside ? { beside: true } : {}),
    slot: mark?.slot ?? 0,
    cells: {},
  }
}
