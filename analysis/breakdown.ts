import type { MetricEvidence } from '../crds/verdict.ts'
import { excess } from './excess.ts'
import { rounded } from './figures.ts'
import { cellsOf, type Situation } from './situation.ts'

type Part = MetricEvidence['breakdown'][number]

const MOST_PARTS = 10
const KINDS = ['route', 'flag', 'code'] as const

/**
 * Where the excess comes from: per canary pod, and per code, flag or route. Parts of one kind add up to the whole;
 * kinds overlap. Largest first. Empty while there is no excess.
 */
export function breakdownOf(situation: Situation, metric: string, startRow: number, S: number): Part[] {
  if (S <= 0) return []
  const cells = cellsOf(situation, metric, startRow, situation.index)
  const canary = cells.reduce((sum, [nc]) => sum + nc, 0)
  const baseline = cells.reduce((sum, [, nb]) => sum + nb, 0)
  if (canary === 0 || baseline === 0) return []
  const { expected } = excess({ rows: cells })
  const rows = situation.rows.slice(startRow, situation.index + 1).filter(({ flag }) => flag === undefined)
  const pods = sums(rows.map((row) => row.pods)).map(([key, n, x]): Part => {
    return { by: 'pod', key, n, x, shareOfExcess: rounded((x - (n * expected) / canary) / S) }
  })
  const classes = sums(rows.map((row) => row.classes)).flatMap(([name, ours, theirs]): Part[] => {
    const { by, key } = classOf(name)
    const share = (ours - (canary * theirs) / baseline) / S
    return by ? [{ by, key, n: canary, x: ours, shareOfExcess: rounded(share) }] : []
  })
  const sorted = [...pods, ...classes].sort((a, b) => b.shareOfExcess - a.shareOfExcess || (a.key < b.key ? -1 : 1))
  return sorted.slice(0, MOST_PARTS)
}

/** `code:503`; what is of another kind, such as client aborts, is recorded but explains nothing. */
function classOf(name: string): { by: Part['by'] | undefined; key: string } {
  const [kind, ...rest] = name.split(':')
  return { by: KINDS.find((known) => known === kind), key: rest.join(':') }
}

function sums(records: (Record<string, [number, number]> | undefined)[]): [key: string, one: number, other: number][] {
  const sum = new Map<string, [number, number]>()
  for (const [key, [one, other]] of records.flatMap((record) => Object.entries(record ?? {}))) {
    const [a, b] = sum.get(key) ?? [0, 0]
    sum.set(key, [a + one, b + other])
  }
  return [...sum].map(([key, [one, other]]) => [key, one, other])
}
