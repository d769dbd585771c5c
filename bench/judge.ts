import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { binomial, poisson, seeded, type Random } from '../analysis/draw/index.ts'
import { judge, type Cell, type Ledger, type Row as LedgerRow } from '../analysis/index.ts'
import { ANALYSIS_DEFAULTS, ERROR_BUDGET, LATENCY_TOLERATED_RATIO } from '../crds/defaults.ts'
import type { Metric, Policy } from '../crds/policy.ts'
import { kept, type Report, type Row } from './report.ts'

const LEDGERS = 1_000
const ROWS = 240
const INTERVAL = 15
const WITHIN_S = 10
const SEED = 4
/** Judged before the clock starts: the first ones are slower than what an engine that runs for days sees. */
const WARM_UP = 20
const WEIGHTS = [5, 10, 25, 50]
const REQUESTS_PER_ROW = 1_500
const BAD_CELLS = 1 / 3
/** Beyond the first bad event of a bad cell. */
const MORE_BAD = 2
const PODS = 3
const START = 1_800_000_000

/** Ledgers as an hour of a busy service leaves them, versions alike: the whole has to be looked at, nothing ends early. */
export async function measureJudge(): Promise<Report> {
  for (let i = 0; i < WARM_UP; i++) judge({ ledger: ledgerOf(seeded(SEED, 1, i)) })
  const sums = { cpuMs: 0, ms: 0, slowest: 0, ended: 0, bad: 0, cells: 0 }
  for (let i = 0; i < LEDGERS; i++) {
    const ledger = ledgerOf(seeded(SEED, 0, i))
    const cpu = process.threadCpuUsage()
    const began = performance.now()
    const { verdict } = judge({ ledger })
    const ms = performance.now() - began
    const { user, system } = process.threadCpuUsage(cpu)
    sums.cpuMs += (user + system) / 1_000
    sums.ms += ms
    sums.slowest = Math.max(sums.slowest, ms)
    if (verdict === 'rollback') sums.ended += 1
    for (const cell of ledger.rows.flatMap(({ cells }) => Object.values(cells))) {
      sums.cells += 1
      if (cell[2] + cell[3] > 0) sums.bad += 1
    }
  }
  return reportOf(sums)
}

type Sums = Record<'cpuMs' | 'ms' | 'slowest' | 'ended' | 'bad' | 'cells', number>

/** The limit is on the time of one core: a machine that does other things as well would measure those. */
function reportOf({ cpuMs, ms, slowest, ended, bad, cells }: Sums): Report {
  const rows: Row[] = [
    {
      key: 'seconds',
      what: `${LEDGERS} ledgers are judged`,
      value: cpuMs / 1_000,
      limit: WITHIN_S,
      unit: 's of one core',
    },
    { key: 'wallSeconds', what: 'by the clock on the wall', value: ms / 1_000, unit: 's' },
    { key: 'millisecondsEach', what: 'one of them', value: cpuMs / LEDGERS, unit: 'ms of one core' },
    { key: 'slowestMilliseconds', what: 'the slowest, by the wall', value: slowest, unit: 'ms' },
    { key: 'rolledBack', what: 'rolled back although alike', value: ended, limit: LEDGERS * 0.01, unit: '' },
  ]
  const details = {
    ledgers: LEDGERS,
    rows: ROWS,
    metrics: METRICS.length,
    badCells: Math.round((100 * bad) / cells) / 100,
  }
  return { ok: rows.every(kept), rows, details }
}

const named = (count: number, kind: string): string[] => Array.from({ length: count }, (_, i) => `${kind}-${i + 1}`)

const METRICS: Metric[] = [
  ...named(2, 'errors').map((name): Metric => ({ name, kind: 'requests' })),
  ...named(4, 'latency').map((name): Metric => ({ name, kind: 'latency', slowerThanMs: 250, boundariesMs: [250] })),
  ...named(6, 'events').map((name): Metric => ({ name, kind: 'counters', total: 'all', bad: 'bad' })),
]

const POLICY: Policy = {
  ...ANALYSIS_DEFAULTS,
  interval: INTERVAL,
  metrics: METRICS,
  slo: 0.999,
  latencyToleratedRatio: LATENCY_TOLERATED_RATIO,
  errorBudget: ERROR_BUDGET * REQUESTS_PER_ROW,
  warmUp: 0,
  dataDeadline: 900,
  deadline: 7_200,
  slots: WEIGHTS.length + 1,
  replaceLocalised: true,
  shadow: ['flagger', 'argo'],
}

const ledgerOf = (random: Random): Ledger => ({
  v: 1,
  canary: 'checkout-c',
  baseline: 'checkout-b',
  policy: POLICY,
  sources: METRICS.map(({ name }) => ({ metric: name, query: 'sum(requests)', window: '75s' })),
  running: { kind: 'analyze', from: START, for: 2 * ROWS * INTERVAL },
  rows: Array.from({ length: ROWS }, (_, index) => rowOf(random, index)),
})

function rowOf(random: Random, index: number): LedgerRow {
  const slot = Math.floor((index * WEIGHTS.length) / ROWS)
  const weight = WEIGHTS[slot] ?? 0
  const cells = METRICS.map(({ name, kind }): [string, Cell] => [
    kind === 'latency' ? `${name}:250` : name,
    cellOf(random, weight / 100),
  ])
  const [, [, , bad] = [0, 0, 0, 0]] = cells[0] ?? []
  const t0 = START + index * INTERVAL
  return {
    t0,
    t1: t0 + INTERVAL,
    weight,
    slot,
    ready: PODS,
    cells: Object.fromEntries(cells),
    pods: Object.fromEntries(
      named(PODS, 'pod').map((pod, i) => [pod, [REQUESTS_PER_ROW / 10, i === index % PODS ? bad : 0]]),
    ),
    ...(bad > 0 ? { classes: { 'code:503': [bad, 0], 'flag:UF': [bad, 0] } } : {}),
  }
}

function cellOf(random: Random, share: number): Cell {
  const requests = poisson(random, REQUESTS_PER_ROW)
  const nc = binomial(random, requests, share)
  if (random() >= BAD_CELLS) return [nc, requests - nc, 0, 0]
  const bad = 1 + poisson(random, MORE_BAD)
  const xc = Math.min(nc, binomial(random, bad, share))
  return [nc, requests - nc, xc, bad - xc]
}
