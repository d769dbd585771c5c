import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import colors from 'picocolors'
import type { Summary } from '../analysis/backtest/index.ts'
import { binomial, multinomial, normal, poisson, seeded } from '../analysis/draw/index.ts'
import { run } from '../cli/program.ts'
import { kept, type Report, type Row } from './report.ts'

const MINUTES = 14 * 24 * 60
const REPLAYS = 1_000
/** As the limit is promised, whatever this machine has. */
const THREADS = 2
const LIMIT_SECONDS = 60
const REQUESTS_PER_MINUTE = 6_000
const BAD_SHARE = 0.002

const STEPS = [5, 25, 50].flatMap((setWeight) => [{ setWeight }, { analyze: { for: '10m' } }])

/**
 * Two weeks of minutes at 100 requests/s with days, weather and bursts: how long the command takes for a thousand
 * replays at five levels of harm, reading its files included, with steps by the clock and with a ramp.
 */
export async function measureBacktest(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-backtest-'))
  try {
    await writeFile(join(folder, 'minutes.csv'), pastOf())
    const stepped = await timed(folder, { steps: STEPS })
    const ramped = await timed(folder, { ramp: {} })
    const rows = [
      ...rowsOf('steps', 'three steps of 10 minutes', stepped),
      ...rowsOf('ramp', 'the default ramp', ramped),
    ]
    return { ok: rows.every(kept), rows, details: { replays: REPLAYS, levels: 5, threads: THREADS } }
  } finally {
    await rm(folder, { recursive: true })
  }
}

type Timed = { seconds: number; results: (Summary & { harm: { label: string } })[] }

async function timed(folder: string, canary: object): Promise<Timed> {
  const file = join(folder, 'rollout.json')
  await writeFile(file, JSON.stringify(manifest(canary)))
  const said = { out: '', complaints: '' }
  const began = performance.now()
  const args = [
    '-f',
    file,
    '--from-csv',
    join(folder, 'minutes.csv'),
    '--replays',
    `${REPLAYS}`,
    '--threads',
    `${THREADS}`,
  ]
  const code = await run(['backtest', ...args, '--json'], {
    print: (text) => (said.out += text),
    complain: (text) => (said.complaints += text),
    colors: colors.createColors(false),
    now: () => Date.now(),
  })
  if (code !== 0) throw new Error(said.complaints)
  return { seconds: (performance.now() - began) / 1_000, ...(JSON.parse(said.out) as Pick<Timed, 'results'>) }
}

function rowsOf(key: string, what: string, { seconds, results }: Timed): Row[] {
  const identical = results.find(({ harm }) => harm.label === 'identical')
  const fivefold = results.find(({ harm }) => harm.label === '5×')
  if (!identical || !fivefold) throw new Error('a level of harm is missing')
  return [
    {
      key: `${key}Seconds`,
      what: `${REPLAYS} replays × 5 levels, ${what}`,
      value: seconds,
      limit: LIMIT_SECONDS,
      unit: 's',
    },
    {
      key: `${key}FalseRollback`,
      what: '  identical versions rolled back',
      value: identical.rolledBack.share,
      limit: 0.01,
      unit: '',
    },
    {
      key: `${key}FoundSeconds`,
      what: '  5 times as bad: median time to the rollback',
      value: fivefold.secondsToRollback?.median ?? NaN,
      unit: 's',
    },
  ]
}

/** Stationary weather in logarithms, days, and now and then a burst of some minutes; durations of a quick service. */
function pastOf(): string {
  const random = seeded(14)
  const lines = ['time,requests,bad,slower_100,slower_250,slower_500,slower_1000']
  let weather = 0
  let burst = 0
  for (let minute = 0; minute < MINUTES; minute++) {
    weather = 0.9 * weather + 0.5 * Math.sqrt(1 - 0.81) * normal(random)
    burst = random() < 1 / 2_000 ? 4 : burst - 1
    const n = poisson(random, REQUESTS_PER_MINUTE * (1 + 0.4 * Math.sin((minute / 1_440) * 2 * Math.PI)))
    const share = Math.min(1, BAD_SHARE * Math.exp(weather - 0.125) * (burst > 0 ? 10 : 1))
    const [, , ...classes] = multinomial(random, n, [0.6, 0.27, 0.1, 0.02, 0.008, 0.002])
    const slower = classes.map((_, j) => classes.slice(j).reduce((sum, count) => sum + count, 0))
    lines.push([1_790_000_040 + minute * 60, n, binomial(random, n, share), ...slower].join(','))
  }
  return lines.join('\n')
}

const manifest = (canary: object): object => ({
  kind: 'Rollout',
  metadata: { name: 'checkout', namespace: 'shop' },
  spec: {
    template: { spec: { containers: [{ name: 'checkout', image: 'shop.local/checkout:1.4.0' }] } },
    service: { name: 'checkout', ports: [{ name: 'http', port: 80 }] },
    router: { istio: { virtualServices: [{ name: 'shop', routes: ['primary'] }] } },
    strategy: { canary },
    analysis: {
      prometheus: { address: 'http://prometheus.monitoring:9090' },
      metrics: [
        { name: 'errors', requests: {} },
        { name: 'latency', latency: { slowerThan: '250ms' } },
      ],
    },
  },
})
