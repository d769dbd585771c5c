import { hypergeometric, seeded, type Random } from '../draw/index.ts'
import { failedLook } from '../kayenta/looks.ts'
import type { Row } from '../ledger.ts'
import { argo, flagger, looksOf, type Look } from '../shadow/index.ts'
import type { Harm } from './harm.ts'
import { openCourse, type Outcome, type Setting } from './replay.ts'
import { clockOf } from './walk.ts'

/** Rules of other tools. */
export const OTHER_RULES = ['flagger', 'argo', 'kayenta'] as const
export type OtherRule = (typeof OTHER_RULES)[number]

/**
 * The same release as `replay` of that number, decided by another rule: it starts at the same moment and draws from the
 * same chance, and goes by the clock, because these rules cannot lengthen a step. What they do not stop is promoted.
 */
export function replayBy(rule: OtherRule, setting: Setting, harm: Harm, number: number): Outcome {
  const course = openCourse(setting, harm, number)
  const rows: Row[] = []
  let now = 0
  for (const [slot, [weight, seconds]] of clockOf(setting.plan).entries()) {
    for (const until = now + seconds; now < until; now = rows.at(-1)?.t1 ?? until) {
      rows.push(course.row(now, { weight, slot }, 0))
    }
  }
  const random = seeded(setting.seed, number, TWIN)
  const stopped = RULES[rule]({ rows, harmed: course.key, watched: watchedOf(setting), random })
  const served = rows.filter(({ t1 }) => stopped === undefined || t1 <= stopped)
  const failed = served.reduce((sum, { cells }) => sum + (cells[course.key]?.[2] ?? 0), 0)
  return { end: stopped === undefined ? 'promoted' : 'rolledBack', seconds: stopped ?? now, failed }
}

/** What a rule may look at; `harmed` and `watched` name cells. */
type Seen = { rows: Row[]; harmed: string; watched: string | undefined; random: Random }

const LOOK_SECONDS = 60
/** Of a replay's streams of chance, the one that nothing else draws from. */
const TWIN = 4

/** When a rule rolls back, seconds; undefined when it does not. */
const RULES: Record<OtherRule, (seen: Seen) => number | undefined> = {
  flagger: ({ rows, watched }) => {
    const { verdict, look } = flagger(watched === undefined ? [] : looksOf(rows, watched, LOOK_SECONDS))
    return verdict === 'rollback' ? look?.at : undefined
  },
  argo: ({ rows, watched }) => {
    const { verdict, look } = argo(watched === undefined ? [] : looksOf(rows, watched, LOOK_SECONDS))
    return verdict === 'rollback' ? look?.at : undefined
  },
  kayenta: comparedEveryMinute,
}

/** Both know the success rate of requests alone. */
const watchedOf = ({ policy: { metrics } }: Setting): string | undefined =>
  metrics.find(({ kind }) => kind === 'requests')?.name

/**
 * Kayenta's mathematics on the bad share per minute, asked anew every minute: the canary against a twin, which is as
 * large a part of stable, as Kayenta's users deploy it.
 */
function comparedEveryMinute({ rows, harmed, random }: Seen): number | undefined {
  const canary = looksOf(rows, harmed, LOOK_SECONDS)
  const twin = looksOf(twinsOf(rows, harmed, random), harmed, LOOK_SECONDS)
  const failed = failedLook({ metric: harmed, control: sharesOf(twin), experiment: sharesOf(canary) })
  return failed === undefined ? undefined : canary[failed]?.at
}

const sharesOf = (looks: Look[]): number[] => looks.map(({ n, x, isBlind }) => (isBlind || n === 0 ? NaN : x / n))

/** Rows in which the canary is a random part of stable, of its own size. */
function twinsOf(rows: Row[], key: string, random: Random): Row[] {
  return rows.map((row) => {
    const [nc, nb, , xb] = row.cells[key] ?? [0, 0, 0, 0]
    const n = Math.min(nc, nb)
    return row.cells[key] ? { ...row, cells: { [key]: [n, 0, hypergeometric(random, nb, xb, n), 0] } } : row
  })
}
