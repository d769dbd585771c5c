import { excess, openProcess, type Cell } from '../../analysis/index.ts'
import { failedLook } from '../../analysis/kayenta/looks.ts'
import { argo, flagger, looksOf } from '../../analysis/shadow/index.ts'
import { INTERVAL, type FixedRelease } from './fixed.ts'

/** Row after which a rule rolls back; undefined when it does not. */
type Stop = number | undefined

/** Whoever judges a release on fixed steps. Several of ours share one pass, because they differ in their threshold alone. */
export type Judge =
  | { kind: 'sluice'; rho0: number; slots: number; phi?: number; thresholds: Record<string, number> }
  | { kind: 'flagger' | 'argo' | 'kayenta' | 'pooled' | 'budget' }

/** What a judge makes of it, by the name of the rule. */
export function stopsOf(judge: Judge, release: FixedRelease): Record<string, Stop> {
  if (judge.kind === 'sluice') return byEvidence(judge, release)
  return { [judge.kind]: RULES[judge.kind](release) }
}

/** E ≥ threshold of the shipped process: no floor, no budget, no fast path. */
function byEvidence({ rho0, slots, phi = 1, thresholds }: Extract<Judge, { kind: 'sluice' }>, { rows }: FixedRelease) {
  const process = openProcess({ rho0, lo: 1.1 * rho0, hi: 100 * rho0, k: 48, phi }, slots)
  const waiting = Object.entries(thresholds).sort(([, a], [, b]) => a - b)
  const stops: Record<string, Stop> = Object.fromEntries(waiting.map(([name]) => [name, undefined]))
  let slot: number | undefined
  for (const [index, row] of rows.entries()) {
    if (row.slot !== slot) process.restart()
    slot = row.slot
    process.add(errorsOf(row))
    for (let next = waiting[0]; next && process.reaches(Math.log(next[1])); next = waiting[0]) {
      stops[next[0]] = index
      waiting.shift()
    }
    if (waiting.length === 0) break
  }
  return stops
}

const LOOK_SECONDS = 60
const LOOK_ROWS = LOOK_SECONDS / INTERVAL

const RULES: Record<Exclude<Judge['kind'], 'sluice'>, (release: FixedRelease) => Stop> = {
  flagger: ({ rows }) => {
    const { verdict, look } = flagger(looksOf(rows, 'errors', LOOK_SECONDS))
    return verdict === 'rollback' ? rowAt(look?.at) : undefined
  },
  argo: ({ rows }) => {
    const { verdict, look } = argo(looksOf(rows, 'errors', LOOK_SECONDS))
    return verdict === 'rollback' ? rowAt(look?.at) : undefined
  },
  kayenta: everyMinute,
  pooled: peeking,
  budget: bySpending,
}

const errorsOf = ({ cells }: FixedRelease['rows'][number]): Cell => cells['errors'] ?? [0, 0, 0, 0]

const rowAt = (seconds: number | undefined): Stop => (seconds === undefined ? undefined : seconds / INTERVAL - 1)

/** Kayenta's mathematics on the bad share per minute, asked anew every minute: the canary against its twin. */
function everyMinute({ rows, twin }: FixedRelease): Stop {
  const experiment: number[] = []
  const control: number[] = []
  for (let end = LOOK_ROWS; end <= rows.length; end += LOOK_ROWS) {
    const canary = rows.slice(end - LOOK_ROWS, end).map(errorsOf)
    experiment.push(shareOf(canary.map(([n, , x]) => [n, x])))
    control.push(shareOf(twin.slice(end - LOOK_ROWS, end)))
  }
  const failed = failedLook({ metric: 'errors', control, experiment })
  return failed === undefined ? undefined : (failed + 1) * LOOK_ROWS - 1
}

function shareOf(parts: [n: number, x: number][]): number {
  const [n, x] = parts.reduce<[number, number]>((sum, [n, x]) => [sum[0] + n, sum[1] + x], [0, 0])
  return n === 0 ? NaN : x / n
}

/** One-sided 1 %. */
const Z = 2.326_347_874_040_840_8

/** The control that has to fail: a z-test on everything so far, asked at every row. */
function peeking({ rows }: FixedRelease): Stop {
  let [nc, nb, xc, xb] = [0, 0, 0, 0]
  for (const [index, row] of rows.entries()) {
    const cell = errorsOf(row)
    nc += cell[0]
    nb += cell[1]
    xc += cell[2]
    xb += cell[3]
    const share = (xc + xb) / (nc + nb)
    const deviation = Math.sqrt(share * (1 - share) * (1 / nc + 1 / nb))
    if (xc / nc - xb / nb > Z * deviation) return index
  }
  return undefined
}

const BUDGET = 50

/** The budget cap alone (analysis.md 4, check 3). */
function bySpending({ rows }: FixedRelease): Stop {
  const cells: Cell[] = []
  const stop = rows.findIndex((row) => {
    cells.push(errorsOf(row))
    const { S, V } = excess({ rows: cells })
    return S >= Math.max(BUDGET, 4 * Math.sqrt(V))
  })
  return stop < 0 ? undefined : stop
}
