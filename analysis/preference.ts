import type { Cell, Cells } from './cell.ts'
import { HALF_LIVES, openDelay } from './delay.ts'
import { finePercent, grouped, odds, ratio } from './figures.ts'
import { logSumExp } from './grid.ts'
import type { Row, Running } from './ledger.ts'
import { displayedInterval, lnLikelihood, type RatioInterval } from './ratio.ts'

/**
 * Which revision more users take to, by analysis.md 9: the two-sided test of "both are alike" at 5 %. A is stable, B the
 * canary.
 */
export type Preference = {
  /** Users of B and A, and converted ones of each. */
  total: Cell
  lnE: number
  /** Known since a row: more evidence cannot unsay it. */
  winner?: 'a' | 'b'
  /**
   * B's chance to convert as a multiple of A's: an interval that holds it at all times at once with 95 %. Conditional on
   * who came when to which revision, so that neither their split nor the rate has to be steady; and on users of both
   * taking equally long to convert, about as one of the half-lives says. A multiple that itself drifts is averaged over
   * conversions. It does not move with the quotient of the two totals, which drift can turn around.
   */
  ratio: () => RatioInterval
}

/** The test that runs, row by row. */
export type Contest = {
  /** Another test begins from nothing, after these rows. */
  follow(running: Running | undefined, before: readonly Row[]): void
  /** A row that grows no more: peeking at a part of it is not covered by α. */
  take(row: Row): void
  /** Undefined where no test runs, none that counts, or a revision has no user yet. */
  now(): Preference | undefined
}

/** α of analysis.md 9: the chance that two revisions alike are told apart. */
const LN_THRESHOLD = -Math.log(0.05)

export function openContest(): Contest {
  let followed: Running | undefined
  let tally: Tally | undefined
  return {
    follow(running, before) {
      if (running === followed) return
      followed = running
      tally =
        running?.kind === 'abTest' && running.metric !== undefined ? openTally(running.metric, running.from) : undefined
      if (tally) before.forEach(tally.take)
    },
    take: (row) => tally?.take(row),
    now: () => tally?.now(),
  }
}

/** From rows of a test that began at `from` (epoch seconds). Undefined before both revisions have a user. */
export function preferenceOf(rows: readonly Row[], metric: string, from: number): Preference | undefined {
  const tally = openTally(metric, from)
  rows.forEach(tally.take)
  return tally.now()
}

type Tally = Pick<Contest, 'take' | 'now'>

/**
 * How long users take to convert is unknown. Evidence for a revision is the least of what every guess at it makes of the
 * rows: as long as one of them is near the truth, two revisions alike are told apart with α at most (the least of
 * several is below the right one).
 */
function openTally(metric: string, from: number): Tally {
  const delays = HALF_LIVES.map(openDelay)
  const total: Cell = [0, 0, 0, 0]
  let lnE = 0
  let winner: Preference['winner']
  const decide = (): void => {
    const lnB = Math.min(...delays.map((delay) => delay.lnB()))
    const lnA = Math.min(...delays.map((delay) => delay.lnA()))
    lnE = logSumExp([lnB, lnA]) - Math.LN2
    if (winner === undefined && lnE >= LN_THRESHOLD) winner = lnB > lnA ? 'b' : 'a'
  }
  return {
    take(row) {
      const cell = row.users?.[metric]
      if (!cell) return
      const [nb, na, xb, xa] = cell
      for (const delay of delays) delay.meet([nb, na], row.t1 - row.t0)
      if (row.t0 < from || row.flag !== undefined) return
      for (const i of [0, 1, 2, 3] as const) total[i] += cell[i]
      for (const delay of delays) delay.add([xb, xa])
      decide()
    },
    now() {
      if (total[0] === 0 || total[1] === 0) return undefined
      const known = delays.map(({ cells }) => cells.length)
      let interval: RatioInterval | undefined
      const widest = (): RatioInterval =>
        (interval ??= spanning(delays.map(({ cells }, i) => cells.slice(0, known[i]))))
      return { total: [...total], lnE, ...(winner ? { winner } : {}), ratio: widest }
    },
  }
}

/** Of all guesses together; in it, what the guess says that explains best whose the conversions were. */
function spanning(guesses: readonly Cells[]): RatioInterval {
  const found = guesses.map((cells) => {
    const interval = displayedInterval(cells, 1)
    return { interval, likelihood: lnLikelihood(cells, interval.mle ?? 1) }
  })
  const best = found.reduce((one, other) => (other.likelihood > one.likelihood ? other : one))
  return {
    mle: best.interval.mle,
    lower: Math.min(...found.map(({ interval }) => interval.lower)),
    upper: Math.max(...found.map(({ interval }) => interval.upper)),
  }
}

/** `orders: B 4.2 % (42 of 1 000), A 3 % (30 of 1 000), B is 1.4× A (95 %: 0.8–2.4); evidence 2 : 1, threshold 20 : 1` */
export function preferenceWords(name: string, found: Preference | undefined): string {
  if (!found) return `${name}: nobody was counted on both sides yet`
  const { total, lnE } = found
  const [nb, na, xb, xa] = total
  const arm = (x: number, n: number): string => `${finePercent(x / n)} (${grouped(x)} of ${grouped(n)})`
  const certainty = `evidence ${odds(lnE)}, threshold ${odds(LN_THRESHOLD)}`
  return `${name}: B ${arm(xb, nb)}, A ${arm(xa, na)}${multiple(found.ratio())}; ${certainty}`
}

function multiple({ mle, lower, upper }: RatioInterval): string {
  if (mle === undefined) return ''
  const range = `95 %: ${ratio(lower)}–${upper === Infinity ? '∞' : ratio(upper)}`
  return mle === Infinity ? ` (${range} times as often)` : `, B is ${ratio(mle)}× A (${range})`
}
