import { REACTION_SECONDS } from './levels.ts'
import { counts } from './row.ts'
import { volumeMetric, type Situation } from './situation.ts'
import { openSplit } from './split.ts'

/** Does the observed split match the weight? Shares between 0 and 1, evidence as logarithms. */
export type Balance = { lnE: number; lnThreshold: number; observed: number; configured: number; isOff: boolean }

const THRESHOLD = Math.log(1_000)
const HYPOTHESIS = { rho: 1.1, k: 24 }
/** Rows after which a split that has become right again is believed. */
const RECENT = 20

/**
 * Analysis.md 3.6 over the rows at the present weight. Evidence is never forgotten, so that a mismatch is over only when
 * the last rows speak against it. Undefined while no row can tell, and where clients stick to a revision: they differ in
 * how many requests they send.
 */
export function balanceOf(situation: Situation): Balance | undefined {
  if (situation.policy.sticky) return undefined
  const configured = situation.row.weight / 100
  const key = volumeMetric(situation.evidence)?.streams[0]?.key
  if (key === undefined || !(configured > 0 && configured < 1)) return undefined
  const rows = settled(situation, key)
  const canary = rows.reduce((sum, [nc]) => sum + nc, 0)
  const total = rows.reduce((sum, [nc, nb]) => sum + nc + nb, 0)
  if (total === 0) return undefined
  const lnE = evidenceOf(rows, configured)
  const isOff = lnE >= THRESHOLD && evidenceOf(rows.slice(-RECENT), configured) > 0
  return { lnE, lnThreshold: THRESHOLD, observed: canary / total, configured, isOff }
}

type Requests = [nc: number, nb: number]

/**
 * Without rows near a weight change. The one that contains the next change still has this weight and is the last one,
 * so that the last one never counts.
 */
function settled({ rows, index, row }: Situation, key: string): Requests[] {
  let first = index
  while (first > 0 && rows[first - 1]?.slot === row.slot && rows[first - 1]?.weight === row.weight) first -= 1
  const changedAt = rows[first]?.t0 ?? row.t0
  return rows.slice(first, index).flatMap((past): Requests[] => {
    const cell = past.cells[key]
    return cell && counts(past) && past.t0 >= changedAt + REACTION_SECONDS ? [[cell[0], cell[1]]] : []
  })
}

/** At one weight a sum says what its rows say, and costs one of them. */
function evidenceOf(rows: Requests[], weight: number): number {
  const process = openSplit(HYPOTHESIS)
  const [canary, baseline] = rows.reduce<Requests>(([c, b], [nc, nb]) => [c + nc, b + nb], [0, 0])
  process.add([canary, baseline, weight])
  return process.lnE()
}
