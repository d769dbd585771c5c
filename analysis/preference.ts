import type { Cell } from './cell.ts'
import { finePercent, grouped, odds, ratio } from './figures.ts'
import type { Row } from './ledger.ts'
import { openProcess } from './process.ts'
import { displayedInterval, type RatioInterval } from './ratio.ts'
import type { Situation } from './situation.ts'

/**
 * Which revision more users take to, by analysis.md 9: the two-sided test of "both are alike" at 5 %, and the interval
 * of B's share of converted users as a multiple of A's, which holds at all times at once. A is stable, B the canary.
 */
export type Preference = {
  /** Users of B and A, and converted ones of each. */
  total: Cell
  lnE: number
  /** Known since a row: more evidence cannot unsay it. */
  winner?: 'a' | 'b'
  ratio: RatioInterval
}

/** α of analysis.md 9: the chance that two revisions alike are told apart. */
const LN_THRESHOLD = -Math.log(0.05)
/** No point at 1, where both are alike. */
const ALTERNATIVES = { rho0: 1, lo: 0.2, hi: 5, k: 64 }

/**
 * From rows of a test that began at `from` (epoch seconds). Users convert later than they come: a row's conversions are
 * dealt out by the users of both revisions up to then. Undefined before both revisions have a user.
 */
export function preferenceOf(rows: readonly Row[], metric: string, from: number): Preference | undefined {
  const process = openProcess(ALTERNATIVES, 1)
  process.restart()
  const asked: Cell[] = []
  const total: Cell = [0, 0, 0, 0]
  let winner: Preference['winner']
  for (const row of rows) {
    const cell = row.users?.[metric]
    if (!cell || row.t0 < from || row.flag !== undefined) continue
    for (const i of [0, 1, 2, 3] as const) total[i] += cell[i]
    const dealt: Cell = [total[0], total[1], cell[2], cell[3]]
    if (dealt[2] > dealt[0] || dealt[3] > dealt[1]) continue
    process.add(dealt)
    asked.push(dealt)
    if (winner === undefined && process.lnE() >= LN_THRESHOLD) winner = better(total)
  }
  if (total[0] === 0 || total[1] === 0) return undefined
  return { total, lnE: process.lnE(), ...(winner ? { winner } : {}), ratio: displayedInterval(asked, 1) }
}

/**
 * Of the A/B test that runs; undefined where none does, or none that counts. A row that still grows is left out: peeking
 * at a part of it is not covered by α.
 */
export function preferenceIn({
  rows,
  isOpen,
  step,
}: Pick<Situation, 'rows' | 'isOpen' | 'step'>): Preference | undefined {
  const running = step?.running
  if (running?.kind !== 'abTest' || running.metric === undefined) return undefined
  return preferenceOf(isOpen ? rows.slice(0, -1) : rows, running.metric, running.from)
}

const better = ([nb, na, xb, xa]: Cell): 'a' | 'b' => (xb * na > xa * nb ? 'b' : 'a')

/** `orders: B 4.2 % (42 of 1 000), A 3 % (30 of 1 000), B is 1.4× A (95 %: 0.8–2.4); evidence 2 : 1, threshold 20 : 1` */
export function preferenceWords(name: string, found: Preference | undefined): string {
  if (!found) return `${name}: nobody was counted on both sides yet`
  const { total, lnE, ratio: interval } = found
  const [nb, na, xb, xa] = total
  const arm = (x: number, n: number): string => `${finePercent(x / n)} (${grouped(x)} of ${grouped(n)})`
  const certainty = `evidence ${odds(lnE)}, threshold ${odds(LN_THRESHOLD)}`
  return `${name}: B ${arm(xb, nb)}, A ${arm(xa, na)}${multiple(interval)}; ${certainty}`
}

function multiple({ mle, lower, upper }: RatioInterval): string {
  if (mle === undefined) return ''
  const range = `95 %: ${ratio(lower)}–${upper === Infinity ? '∞' : ratio(upper)}`
  return mle === Infinity ? ` (${range} times as often)` : `, B is ${ratio(mle)}× A (${range})`
}
