import { firstRung, type Cell, type Ledger, type Row } from '../../analysis/index.ts'
import { check } from '../../analysis/checks.ts'
import { binomial, poisson, type Random } from '../../analysis/draw/index.ts'
import { situations } from '../../analysis/situation.ts'
import { INTERVAL, rowOf, spanOf } from './fixed.ts'
import { policyOf } from './policy.ts'
import { weather, type Climate } from './weather.ts'

export type RampWorld = {
  rps: number
  /** The baseline's mean bad share, and how many times that the canary has, from the highest weight on or at once; ∞ fails everything. */
  share: number
  ratio: number
  onset?: 'top'
  climate: Climate
  /** ρ_NI. */
  promoteRatio: number
  /** Rows in which Prometheus is down, from a random one of the first so many on. */
  silence?: { rows: number; within: number }
}

export type RampOutcome = {
  end: 'promoted' | 'rolledBack' | 'open'
  seconds: number
  failed: number
  /** Excess beyond the budget and the requests of the last row; ≤ 0 is kept. */
  overspent: number
  /** Decisions in rows without data. */
  blind: number
}

const LADDER = [1, 2, 5, 10, 25, 50]
const TOP = 50
/** Two hours. */
const LONGEST = 480

/**
 * Errors have ω = .5: latency and counters of one's own are declared and say nothing. Floor and split check are on, as
 * they are shipped; the spec's figures are without them.
 */
const policyFor = (promoteRatio: number) =>
  policyOf({
    metrics: [
      { name: 'errors', kind: 'requests' },
      { name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] },
      { name: 'own', kind: 'counters', total: 'own', bad: 'bad' },
    ],
    slots: LADDER.length,
    promoteRatio,
    ramp: { ladder: LADDER, dwell: 0 },
  })

/** One release on the evidence ramp, decided by the shipped checks row by row. */
export function climb(random: Random, world: RampWorld): RampOutcome {
  const { rps, climate, promoteRatio, silence } = world
  const sky = weather(random, climate)
  const silentFrom = silence ? Math.floor(random() * silence.within) : Infinity
  const policy = policyFor(promoteRatio)
  const rows: Row[] = []
  const before = { rate: rps }
  const running = { kind: 'ramp' as const, from: 0 }
  const ledger: Ledger = { v: 1, canary: 'c', baseline: 'b', policy, sources: [], before, running, rows }
  const looks = situations(ledger)
  let weight = firstRung({ policy, before })
  let slot = 0
  let [failed, spent, last, blind] = [0, 0, 0, 0]
  const ended = (end: RampOutcome['end']): RampOutcome => ({
    end,
    seconds: rows.length * INTERVAL,
    failed,
    overspent: spent - policy.errorBudget - last,
    blind,
  })
  for (let index = 0; index < LONGEST; index++) {
    const cell = cellOf(random, world, sky.next().value.errors, weight)
    const isSilent = index >= silentFrom && index < silentFrom + (silence?.rows ?? 0)
    rows.push(isSilent ? silentRow(index, slot, weight) : spokenRow(index, slot, weight, cell))
    failed += cell[2]
    last = cell[0]
    const look = looks.next()
    if (look.done) throw new Error('the walk over the rows has ended before the release')
    const finding = check(look.value)
    spent = look.value.spent.get('errors')?.S ?? 0
    if (isSilent && finding.verdict !== 'hold') blind += 1
    if (finding.verdict === 'rollback') return ended('rolledBack')
    if (finding.verdict === 'advance' && finding.reason !== 'nextRung') return ended('promoted')
    if (finding.verdict === 'advance' && finding.reason === 'nextRung') {
      weight = finding.next
      slot += 1
    }
  }
  return ended('open')
}

function cellOf(random: Random, { rps, share, ratio, onset }: RampWorld, factor: number, weight: number): Cell {
  const bad = Math.min(1, share * factor)
  const nc = poisson(random, (rps * INTERVAL * weight) / 100)
  const nb = poisson(random, rps * INTERVAL * (1 - weight / 100))
  const worse = onset === 'top' && weight < TOP ? bad : Math.min(1, bad * ratio)
  return [nc, nb, binomial(random, nc, worse), binomial(random, nb, bad)]
}

function spokenRow(index: number, slot: number, weight: number, errors: Cell): Row {
  const row = rowOf({ index, slot, weight, errors })
  return { ...row, cells: { ...row.cells, 'latency:250': [errors[0], errors[1], 0, 0], own: [1, 1, 0, 0] } }
}

const silentRow = (index: number, slot: number, weight: number): Row => ({
  ...spanOf({ index, slot, weight }),
  cells: {},
  missing: 'nobody answers',
})
