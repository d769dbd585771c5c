import type { Policy } from '../crds/policy.ts'
import { logSumExp } from './grid.ts'
import { openSloHarm } from './slo.ts'

/** Evidence that the canary alone misses the objective, with the restart mixture of analysis.md 3.2. */
export type Objective = {
  /** The bad share that the objective allows. */
  pStar: number
  /** The next row is the first of a further slot; nothing once all are used. */
  restart(): void
  add(x: number, n: number): void
  lnE(): number
  /** ln E of every slot that has begun, oldest first. */
  slots(): number[]
  /** Those if these were the next row. */
  slotsAfter(x: number, n: number): number[]
  /** Slots that have begun count 1 from now on. */
  forget(): void
}

/** The objectives that the single-arm tests of analysis.md 3.5 can speak about: a bad share above 0 and at most this. */
const LARGEST_SHARE = 0.5
const K = 48

/** The bad share that an objective allows; undefined where there is none, or one that cannot be tested. */
export function allowedShare(slo: number | undefined): number | undefined {
  const share = 1 - (slo ?? 1)
  return share > 0 && share <= LARGEST_SHARE ? share : undefined
}

/** At 100 % nothing is compared: then only bounds, and an objective for requests, can tell good from bad. */
export function isJudgedAlone({ metrics, slo }: Policy): boolean {
  const compared = metrics.filter(({ kind }) => kind !== 'gauge' && kind !== 'conversion')
  return compared.length === 0 || (allowedShare(slo) !== undefined && compared.some(({ kind }) => kind === 'requests'))
}

/** `sloHarm` as it grows; `phi` tempers for bursts: ln E counts 1/φ. */
export function openObjective({ pStar, phi, slots }: { pStar: number; phi: number; slots: number }): Objective {
  const test = openSloHarm({ pStar, k: K })
  const sums: { x: number; n: number }[] = []
  let oldest = 0
  const lnSlots = (x = 0, n = 0): number[] =>
    sums.map((sum, slot) => (slot < oldest ? 0 : test(sum.x + x, sum.n + n) / phi))
  return {
    pStar,
    restart() {
      if (sums.length < slots) sums.push({ x: 0, n: 0 })
    },
    add(x, n) {
      for (const sum of sums) {
        sum.x += x
        sum.n += n
      }
    },
    lnE: () => logSumExp([...lnSlots(), ...Array.from({ length: slots - sums.length }, () => 0)]) - Math.log(slots),
    slots: () => lnSlots(),
    slotsAfter: lnSlots,
    forget() {
      oldest = sums.length
    },
  }
}
