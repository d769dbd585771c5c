import type { MetricEvidence } from '../crds/verdict.ts'
import { totalOf, type Cell } from './cell.ts'
import { excess } from './excess.ts'
import { rounded } from './figures.ts'
import { logSumExp } from './grid.ts'
import type { Row } from './ledger.ts'
import { cellsOf, type Situation } from './situation.ts'

type Part = MetricEvidence['breakdown'][number]

const MOST_PARTS = 10
const KINDS = ['route', 'flag', 'code'] as const
/** A pod with more than this share of the excess is its cause. */
const CULPRIT_SHARE = 0.8
/** Other pods that fail as rarely at the culprit's rate, by chance alone, are no reason to blame one. */
const BY_CHANCE = 0.01

/**
 * Where the excess comes from: per canary pod, and per code, flag or route. Parts of one kind add up to the whole;
 * kinds overlap. Largest first. Empty while there is no excess.
 */
export function breakdownOf(situation: Situation, metric: string, startRow: number): Part[] {
  const cells = cellsOf(situation, metric, startRow, situation.index)
  if (!hasExcess(cells)) return []
  const [canary, baseline] = totalOf(cells)
  const { S } = excess({ rows: cells })
  const classes = sums(rowsFrom(situation, startRow).map((row) => row.classes)).flatMap(
    ([name, ours, theirs]): Part[] => {
      const { by, key } = classOf(name)
      const share = (ours - (canary * theirs) / baseline) / S
      return by ? [{ by, key, n: canary, x: ours, shareOfExcess: rounded(share) }] : []
    },
  )
  return [...podsOf(rowsFrom(situation, startRow), cells), ...classes].sort(byShare).slice(0, MOST_PARTS)
}

/**
 * The one of several canary pods that the excess sits on, in rows in which several had requests; undefined where it sits
 * on none or on several, and where the others had so few requests that they may be as bad.
 */
export function culpritPod(situation: Situation, metric: string, startRow: number): Part | undefined {
  const rows = rowsFrom(situation, startRow).filter(({ pods }) => isShared(pods))
  const cells = rows.map((row) => row.cells[metric]).filter((cell) => cell !== undefined)
  const pods = hasExcess(cells) ? podsOf(rows, cells).filter(({ n }) => n > 0) : []
  const [worst, ...others] = pods.sort(byShare)
  if (!worst || others.length === 0 || !(worst.shareOfExcess > CULPRIT_SHARE)) return undefined
  const n = others.reduce((sum, pod) => sum + pod.n, 0)
  const x = others.reduce((sum, pod) => sum + pod.x, 0)
  return atMost(x, n, Math.min(1, worst.x / worst.n)) < BY_CHANCE ? worst : undefined
}

const isShared = (pods: Row['pods'] = {}): boolean => Object.values(pods).filter(([n]) => n > 0).length > 1

/** The chance of at most `x` bad ones among `n` at that share. */
function atMost(x: number, n: number, share: number): number {
  if (x >= n || share === 0) return 1
  if (share === 1) return 0
  let lnTerm = n * Math.log1p(-share)
  const lnTerms = [lnTerm]
  for (let k = 1; k <= x; k++) {
    lnTerm += Math.log((n - k + 1) / k) + Math.log(share) - Math.log1p(-share)
    lnTerms.push(lnTerm)
  }
  return Math.exp(logSumExp(lnTerms))
}

function hasExcess(cells: Cell[]): boolean {
  const [canary, baseline] = totalOf(cells)
  return canary > 0 && baseline > 0 && excess({ rows: cells }).S > 0
}

function podsOf(rows: Row[], cells: Cell[]): Part[] {
  const [canary] = totalOf(cells)
  const { S, expected } = excess({ rows: cells })
  return sums(rows.map((row) => row.pods)).map(([key, n, x]) => {
    return { by: 'pod', key, n, x, shareOfExcess: rounded((x - (n * expected) / canary) / S) }
  })
}

const rowsFrom = ({ rows, index }: Situation, startRow: number) =>
  rows.slice(startRow, index + 1).filter(({ flag }) => flag === undefined)

const byShare = (a: Part, b: Part): number => b.shareOfExcess - a.shareOfExcess || (a.key < b.key ? -1 : 1)

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
