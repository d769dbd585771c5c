import type { Cell } from './cell.ts'
import { logSumExp } from './grid.ts'
import type { Row } from './ledger.ts'
import type { Objective } from './objective.ts'
import type { Process } from './process.ts'

/** One column of cells: a metric has one, latency one per boundary. */
export type Stream = {
  key: string
  /** Milliseconds; latency only. */
  boundary?: number
  process: Process
  /** The canary against the objective; only where one is declared, and only for requests. */
  objective?: Objective
  /** The objective counts as much as the comparison. */
  isEnforced: boolean
  /**
   * Per slot that has begun: there is nothing to compare with. It began at 100 %, where requests of the baseline are
   * what is left of the weight before, or no row of the release had one yet.
   */
  alone: boolean[]
  /** J, those included that have not begun. */
  slots: number
}

/** What speaks loudest in a stream: the comparison with the baseline, or the objective. */
export type Witness = { against: 'baseline' | 'objective'; slot: number; lnE: number }

export function addTo(stream: Stream, cell: Readonly<Cell>): void {
  stream.process.add(cell)
  stream.objective?.add(cell[2], cell[0])
}

/** A further slot begins. */
export function begin({ process, objective, alone, slots }: Stream, row: Pick<Row, 'weight'>): void {
  process.restart()
  objective?.restart()
  if (alone.length < slots) alone.push(row.weight === 100 || alone.every(Boolean))
}

/** A request of the baseline ends solitude. */
export function meet({ alone }: Stream, cell: Readonly<Cell>, row: Pick<Row, 'weight'>): void {
  if (cell[1] > 0 && row.weight < 100) alone.fill(false)
}

/** ln E: harm; the objective in slots that are alone; half of each where it is enforced (analysis.md 3.5). */
export function lnEOfStream(stream: Stream): number {
  const { process, objective, isEnforced } = stream
  if (!objective) return process.lnE()
  if (isPartlyAlone(stream)) return mixed(stream, process.slots(), objective.slots())
  return isEnforced ? halves(process.lnE(), objective.lnE()) : process.lnE()
}

/** ln E if this were the next row. */
export function lnEAfterIn(stream: Stream, cell: Cell): number {
  const { process, objective, isEnforced } = stream
  if (!objective || !(isEnforced || isPartlyAlone(stream))) return process.after(cell)
  return mixed(stream, process.slotsAfter(cell), objective.slotsAfter(cell[2], cell[0]))
}

/** `lnEOfStream ≥ threshold` cannot be where this is false; most often without computing it. */
export function mayReach(stream: Stream, threshold: number): boolean {
  const { process, objective, isEnforced } = stream
  if (objective && isPartlyAlone(stream)) return lnEOfStream(stream) >= threshold
  return process.reaches(threshold) || (objective !== undefined && isEnforced && objective.lnE() >= threshold)
}

/** The slot that speaks loudest, the oldest among equals; slots before `oldest` are forgotten. */
export function witnessOf(stream: Stream | undefined, oldest: number): Witness {
  let best: Witness | undefined
  const harm = stream?.process.slots() ?? []
  const objective = stream?.objective?.slots()
  for (let slot = oldest; slot < harm.length; slot++) {
    const isAlone = objective !== undefined && stream?.alone[slot] === true
    const lnE = isAlone ? -Infinity : (harm[slot] ?? 0)
    const lnMissed = objective && (isAlone || stream?.isEnforced) ? (objective[slot] ?? 0) : -Infinity
    const found: Witness =
      lnMissed > lnE ? { against: 'objective', slot, lnE: lnMissed } : { against: 'baseline', slot, lnE }
    if (!best || found.lnE > best.lnE) best = found
  }
  return best ?? { against: 'baseline', slot: 0, lnE: 0 }
}

const isPartlyAlone = ({ alone }: Stream): boolean => alone.includes(true)

/** The average of all slots; those that have not begun count 1. */
function mixed({ alone, isEnforced, slots }: Stream, harm: number[], objective: number[]): number {
  const begun = harm.map((lnE, slot) => {
    const lnMissed = objective[slot] ?? 0
    return alone[slot] ? lnMissed : isEnforced ? halves(lnE, lnMissed) : lnE
  })
  return logSumExp([...begun, ...Array.from({ length: slots - begun.length }, () => 0)]) - Math.log(slots)
}

const halves = (one: number, other: number): number => logSumExp([one, other]) - Math.LN2
