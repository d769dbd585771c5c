import type { Plan } from '../../crds/plan.ts'
import type { Policy } from '../../crds/policy.ts'
import { check } from '../checks.ts'
import { seeded } from '../draw/index.ts'
import type { Ledger, Row } from '../ledger.ts'
import { firstRung } from '../ramp.ts'
import { situations } from '../situation.ts'
import { intervalsOf } from '../span.ts'
import { grainOf, openCells, partsOf, together, type Chance } from './draw.ts'
import type { Harm, Target } from './harm.ts'
import type { History, Moment } from './history.ts'
import { openWalk, type Walk } from './walk.ts'

/** What is replayed: the same for all replays. */
export type Setting = { history: History; plan: Plan; policy: Policy; target: Target; seed: number }

/** How one release would have ended. */
export type Outcome = {
  /** `undecided`: a person would have been asked, or a day has passed. */
  end: 'rolledBack' | 'promoted' | 'undecided'
  /** From the first request to the end. */
  seconds: number
  /** Bad canary requests of the harmed metric until then, those that stable would have had included. */
  failed: number
}

const MOST_SECONDS = 86_400

/**
 * One release from a random start (analysis.md 8), decided by the policy with the engine's own checks. The number of the
 * replay fixes start and draws, whatever the harm, so that levels and rules can be compared.
 */
export function replay(setting: Setting, harm: Harm, number: number): Outcome {
  const course = openCourse(setting, harm, number)
  const { policy } = setting
  const walk = openWalk({
    plan: setting.plan,
    firstRung: policy.ramp ? firstRung({ policy: course.policy, before: course.before }) : 0,
  })
  const ledger: Ledger = {
    v: 1,
    canary: 'canary',
    baseline: 'stable',
    policy: course.policy,
    sources: [],
    before: course.before,
    rows: [],
  }
  const looks = situations(ledger)
  let failed = 0
  for (;;) {
    const { rows } = ledger
    const last = rows.at(-1)?.t1 ?? 0
    if (walk.at.isOver) return { end: 'promoted', seconds: last, failed }
    if (last >= MOST_SECONDS) return { end: 'undecided', seconds: last, failed }
    if (walk.at.running) ledger.running = walk.at.running
    else delete ledger.running
    const row = course.row(last, walk.at, rows.length)
    rows.push(row)
    failed += row.cells[course.key]?.[2] ?? 0
    const look = looks.next()
    if (look.done) throw new Error('the walk over the rows has ended before the release')
    const finding = check(look.value)
    if (finding.verdict === 'rollback') return { end: 'rolledBack', seconds: row.t1, failed }
    if (finding.reason === 'inconclusive') return { end: 'undecided', seconds: row.t1, failed }
    walk.step(row.t1, finding)
  }
}

/** What happens to one replay, whatever decides about it. */
export type Course = {
  policy: Policy
  before: { rate: number }
  /** Of the harmed cells. */
  key: string
  /** The next row: from then on (seconds), at that place in the plan. Rows are drawn in order. */
  row(from: number, at: Pick<Walk, 'weight' | 'slot'>, index: number): Row
}

export function openCourse({ history, policy: declared, target, seed }: Setting, harm: Harm, number: number): Course {
  const chance: Chance = {
    parts: seeded(seed, number, 1),
    arms: seeded(seed, number, 2),
    harm: seeded(seed, number, 3),
  }
  const grain = grainOf(history, declared.interval)
  const policy: Policy = {
    ...declared,
    mode: 'act',
    interval: grain.seconds,
    metrics: declared.metrics.filter(({ kind }) => kind !== 'gauge' && kind !== 'conversion'),
  }
  const start = startOf(history, seeded(seed, number, 0))
  const parts = partsOf(history, start, grain, chance.parts)
  const cells = openCells({ policy, history, target, harm, chance })
  const warm = openWarmUp(policy.warmUp)
  return {
    policy,
    before: { rate: rateBefore(history, start) },
    key: target.boundary === undefined ? target.metric : `${target.metric}:${target.boundary}`,
    row(from, { weight, slot }, index) {
      const count = intervalsOf(policy.metrics, index)
      const moment = together(Array.from({ length: count }, () => nextOf(parts)))
      const span = { t0: from, t1: from + count * grain.seconds, weight, slot, ready: 1 }
      if (!moment) return { ...span, cells: {}, missing: 'nothing is known of this time' }
      return { ...span, cells: cells(moment, weight), ...(warm(from, slot) ? { flag: 'warmup' as const } : {}) }
    },
  }
}

/** Every change of weight brings pods that are cold. */
function openWarmUp(seconds: number): (from: number, slot: number) => boolean {
  let known = -1
  let until = 0
  return (from, slot) => {
    if (slot !== known) until = from + seconds
    known = slot
    return from < until
  }
}

function nextOf(parts: Generator<Moment | undefined>): Moment | undefined {
  return parts.next().value as Moment | undefined
}

/** A step with requests. Throws RangeError when there is none. */
function startOf({ moments }: History, random: () => number): number {
  const first = Math.floor(random() * moments.length)
  for (let i = 0; i < moments.length; i++) {
    const place = (first + i) % moments.length
    if ((moments[place]?.n ?? 0) > 0) return place
  }
  throw new RangeError('there was no request in this history: nothing can be replayed')
}

const BEFORE_SECONDS = 300

/** Requests per second of the minutes before, as the engine looks at them before a ramp begins. */
function rateBefore({ moments, step }: History, start: number): number {
  const steps = Math.max(1, Math.round(BEFORE_SECONDS / step))
  const seen = Array.from({ length: steps }, (_, i) => moments[(start - 1 - i + moments.length) % moments.length])
  const known = seen.flatMap((moment) => (moment ? [moment.n] : []))
  const fallback = moments[start]?.n ?? 0
  const n = known.length === 0 ? fallback : known.reduce((sum, count) => sum + count, 0) / known.length
  return Math.max(n, 1) / step
}
