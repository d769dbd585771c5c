import type { Cell } from './cell.ts'
import { openProcess } from './process.ts'

/**
 * Users of both revisions under one guess at how long they take from coming to converting: it says whose conversions
 * these are. Where the split of the users drifts and so does their rate of conversion, shares of all users so far would
 * be Simpson's paradox; those of one row alone would be as wrong about users who convert later than they come.
 */
export type Delay = {
  /** Users of B and A who came in a row of so many seconds. */
  meet(came: readonly [nb: number, na: number], seconds: number): void
  /** Conversions of B and A, at the end of that row. */
  add(converted: readonly [xb: number, xa: number]): void
  /** ln E that users take to B, and that they take to A. */
  lnB(): number
  lnA(): number
  /** What was added: conversions with the shares of those who may have converted, in parts of a whole. */
  cells: readonly Cell[]
}

/**
 * † Seconds after which half of those who will convert have done so; 0: in the row in which they came. Four times as
 * long each, up to 17 hours: a truth in between is near enough to one of them. Last: at any time, all alike.
 */
export const HALF_LIVES = [0, 60, 240, 960, 3_840, 15_360, 61_440, Infinity] as const

/** † A share of fewer users says more about chance than about the split. */
const FEWEST = 20
/** A share as counts, which is how evidence takes it: it depends on nothing else. */
const WHOLE = 2 ** 40

/** The points of analysis.md 9 on both sides of 1: 64 on [0.2, 5]. */
const POINTS = 32
const FARTHEST = 5
const NEAREST = FARTHEST ** (1 / (2 * POINTS - 1))
const FOR_B = { rho0: 1, lo: NEAREST, hi: FARTHEST, k: POINTS }
const FOR_A = { rho0: 1, lo: 1 / FARTHEST, hi: 1 / NEAREST, k: POINTS }

export function openDelay(halfLife: number): Delay {
  const forB = openProcess(FOR_B, 1)
  const forA = openProcess(FOR_A, 1)
  forB.restart()
  forA.restart()
  const cells: Cell[] = []
  let [mb, ma] = [0, 0]
  return {
    meet([nb, na], seconds) {
      const before = mb + ma
      // Who came before B had its first user was not split.
      if (before === 0 && nb === 0) return
      const enough = before === 0 ? 0 : Math.min(1, (FEWEST - nb - na) / before)
      const kept = Math.max(2 ** (-seconds / halfLife), enough)
      mb = kept * mb + nb
      ma = kept * ma + na
    },
    add([xb, xa]) {
      if (mb + ma === 0 || xb + xa === 0) return
      const share = Math.round((WHOLE * mb) / (mb + ma))
      const b = Math.min(Math.max(share, xb), WHOLE - xa)
      const cell: Cell = [b, WHOLE - b, xb, xa]
      forB.add(cell)
      forA.add(cell)
      cells.push(cell)
    },
    lnB: () => forB.lnE(),
    lnA: () => forA.lnE(),
    cells,
  }
}
