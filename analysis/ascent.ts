import type { Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'
import type { Row } from './ledger.ts'
import { promotionLevels } from './levels.ts'
import { allowedShare } from './objective.ts'
import { openProcess } from './process.ts'
import { counts } from './row.ts'
import { openBelowSlo } from './slo.ts'

/** What a ramp has seen of the metric that counts its failed requests. */
export type Ascent = {
  key: string
  /** Canary requests of the whole release, bad ones, and requests of rows in which the baseline had some, too. */
  sums: { n: number; x: number; paired: number }
  /** Rows in order; silent ones are no evidence. */
  take(row: Row, isSilent: boolean): void
  /** Evidence of rows at the present weight. */
  standing(): Standing
  /** Evidence if this were the next row, or the first one; its counts need not be whole. */
  standingAfter(further: Cell, isFirst: boolean): Standing
}

/** What speaks for a promotion: `E ≥ threshold` of either (analysis.md 3.3 and 3.5). Logarithms. */
export type Standing = { notInferior: Odds; belowSlo?: Odds }
type Odds = { lnE: number; lnThreshold: number }

const GRID = { lowest: 0.05, highest: 0.98, k: 40 }
const OBJECTIVE_K = 40

/**
 * Evidence from lower weights would promote faults that come with load: it begins anew at every weight change. `key` is
 * the stream that counts; `countsRequests` says whether the objective is about it.
 */
export function openAscent(policy: Policy, { key, countsRequests }: { key: string; countsRequests: boolean }): Ascent {
  const open = (): Evidence => openEvidence(policy, countsRequests)
  const sums = { n: 0, x: 0, paired: 0 }
  let evidence = open()
  let slot: number | undefined
  return {
    key,
    sums,
    take(row, isSilent) {
      if (row.slot !== slot) evidence = open()
      slot = row.slot
      const cell = row.cells[key]
      if (!cell || !counts(row)) return
      const [nc, nb, xc] = cell
      sums.n += nc
      sums.x += xc
      if (nb > 0) sums.paired += nc
      if (!isSilent) evidence.add(cell)
    },
    standing: () => evidence.after([0, 0, 0, 0]),
    standingAfter: (further, isFirst) => (isFirst ? open() : evidence).after(further),
  }
}

export const standsOut = ({ lnE, lnThreshold }: Odds): boolean => lnE >= lnThreshold

type Evidence = { add(cell: Cell): void; after(further: Cell): Standing }

/** Evidence at one weight. */
function openEvidence({ promoteRatio: rho, burst: phi, slo }: Policy, countsRequests: boolean): Evidence {
  const pStar = countsRequests ? allowedShare(slo) : undefined
  const levels = promotionLevels(pStar !== undefined)
  const process = openProcess({ rho0: rho, lo: GRID.lowest, hi: GRID.highest * rho, k: GRID.k, phi }, 1)
  process.restart()
  const objective = pStar === undefined ? undefined : openBelowSlo({ pStar, k: OBJECTIVE_K })
  const sum = { n: 0, x: 0 }
  return {
    add(cell) {
      process.add(cell)
      sum.n += cell[0]
      sum.x += cell[2]
    },
    after(further) {
      const notInferior = { lnE: process.after(further), lnThreshold: -Math.log(levels.compared) }
      if (!objective) return { notInferior }
      const lnE = objective(Math.round(sum.x + further[2]), Math.round(sum.n + further[0])) / phi
      return { notInferior, belowSlo: { lnE, lnThreshold: -Math.log(levels.objective) } }
    },
  }
}
