import { speaks, type Cell } from './cell.ts'
import { logSumExp } from './grid.ts'
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
  /** No row had a request of the baseline yet: there is nothing to compare with. */
  isAlone: boolean
}

/** What speaks loudest in a stream: the comparison with the baseline, or the objective. */
export type Witness = { against: 'baseline' | 'objective'; slot: number; lnE: number }

export function addTo(stream: Stream, cell: Readonly<Cell>): void {
  stream.process.add(cell)
  stream.objective?.add(cell[2], cell[0])
}

/** ln E: harm; the objective where nobody can be compared with; half of each where it is enforced (analysis.md 3.5). */
export function lnEOfStream({ process, objective, isEnforced, isAlone }: Stream): number {
  if (objective && isAlone) return objective.lnE()
  return objective && isEnforced ? halves(process.lnE(), objective.lnE()) : process.lnE()
}

/** ln E if this were the next row. */
export function lnEAfterIn(stream: Stream, cell: Cell): number {
  const { process, objective, isEnforced, isAlone } = stream
  if (objective && isAlone) return objective.after(cell[2], cell[0])
  const harm = speaks(cell) ? process.after(cell) : process.lnE()
  return objective && isEnforced ? halves(harm, objective.after(cell[2], cell[0])) : harm
}

/** `lnEOfStream ≥ threshold` cannot be where this is false; most often without computing it. */
export function mayReach({ process, objective, isEnforced, isAlone }: Stream, threshold: number): boolean {
  if (process.reaches(threshold)) return true
  return objective !== undefined && (isAlone || isEnforced) && objective.lnE() >= threshold
}

/** The slot that speaks loudest, the oldest among equals; slots before `oldest` are forgotten. */
export function witnessOf(stream: Stream | undefined, oldest: number): Witness {
  const harm = loudest('baseline', stream?.process.slots() ?? [], oldest)
  if (!stream?.objective || !(stream.isAlone || stream.isEnforced)) return harm
  const objective = loudest('objective', stream.objective.slots(), oldest)
  return stream.isAlone || objective.lnE > harm.lnE ? objective : harm
}

function loudest(against: Witness['against'], slots: number[], oldest: number): Witness {
  const begun = slots.slice(oldest)
  if (begun.length === 0) return { against, slot: 0, lnE: 0 }
  const lnE = Math.max(...begun)
  return { against, slot: oldest + begun.indexOf(lnE), lnE }
}

const halves = (one: number, other: number): number => logSumExp([one, other]) - Math.LN2
