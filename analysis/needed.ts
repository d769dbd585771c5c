import type { Cell } from './cell.ts'
import { lnEAfter, type Stream } from './evidence.ts'
import type { Situation } from './situation.ts'

/**
 * The least number of canary bad events in a further row, otherwise like the last one with data, at which the evidence
 * reaches the threshold. Null when even all its canary requests would not do.
 */
export function badToRollback({ rows, index, evidence }: Situation, stream: Stream, threshold: number): number | null {
  if (evidence.lnE() >= threshold) return 0
  const last = rows.slice(0, index + 1).findLast(({ flag, cells }) => flag === undefined && cells[stream.key])
  const [most, nb, , xb] = last?.cells[stream.key] ?? [0, 0, 0, 0]
  const reaches = (bad: number): boolean => {
    const cell: Cell = [most, nb, bad, xb]
    return lnEAfter(evidence.metrics, stream, cell) >= threshold
  }
  if (most === 0 || !reaches(most)) return null
  let enough = 1
  while (!reaches(enough)) enough = Math.min(most, enough * 2)
  let tooFew = Math.floor(enough / 2)
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (reaches(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}
