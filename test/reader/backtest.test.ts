import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import colors from 'picocolors'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { readPast } from '../../analysis/reader/index.ts'
import { run } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { validManifest } from '../fixtures/manifests.ts'
import { startChronicle, type Line } from '../stage/chronicle.ts'

/** Backtests on the past of a real Prometheus: two gateways scraped every 15 s, whose counters are known to the request. */

const MINUTES = 24 * 60
const END = Date.parse('2026-03-02T00:00:00Z') / 1_000
const FROM = END - MINUTES * 60

const labels = (instance: string, more: string): string =>
  `{job="envoy",instance="${instance}",reporter="source",destination_service_namespace="shop",destination_service_name="checkout",${more}}`
const requests = (instance: string, code: number, flags = '-'): string =>
  `istio_requests_total${labels(instance, `response_code="${code}",response_flags="${flags}"`)}`
const bucket = (instance: string, le: string): string =>
  `istio_request_duration_milliseconds_bucket${labels(instance, `le="${le}",response_code="200"`)}`
const count = (instance: string): string =>
  `istio_request_duration_milliseconds_count${labels(instance, 'response_code="200"')}`

type Life = { from?: number; to?: number; base?: number; restarts?: number }

/** A counter that grows by `each` per minute; minutes are counted from the beginning of the past. */
function counter(series: string, each: (minute: number) => number, life: Life = {}): Line {
  const { from = -5, to = MINUTES, base = 1_000, restarts = Infinity } = life
  const samples: [number, number][] = []
  let value = base
  for (let minute = from; minute < to; minute += 1) {
    if (minute === restarts) value = 0
    value += each(minute)
    // What happened within a minute is seen by its second scrape.
    for (const second of [30, 45, 60]) samples.push([FROM + minute * 60 + second, value])
  }
  return { series, samples }
}

const bad = (minute: number): number => (minute % 10 === 3 ? 2 : 0)

/** Gateway b restarts at minute 600, a new code appears at 700, gateway c comes at 800, nothing is scraped 900 to 910. */
function past(): Line[] {
  const lines = [
    counter(requests('a', 200), () => 300),
    counter(requests('a', 503), bad),
    counter(requests('a', 200, 'DC'), (minute) => (minute % 7 === 0 ? 1 : 0)),
    counter(requests('b', 200), () => 100, { restarts: 600 }),
    counter(requests('a', 500), (minute) => (minute === 700 ? 3 : 0), { from: 700, base: 0 }),
    counter(requests('c', 200), () => 50, { from: 800, base: 70 }),
    counter(bucket('a', '100'), () => 250),
    counter(bucket('a', '250.0'), () => 290),
    counter(bucket('a', '+Inf'), () => 300),
    counter(count('a'), () => 300),
  ]
  const silent = (time: number): boolean => time > FROM + 900 * 60 && time <= FROM + 910 * 60
  return lines.map(({ series, samples }) => ({ series, samples: samples.filter(([time]) => !silent(time)) }))
}

const clients = (minute: number): number => (minute % 7 === 0 ? 1 : 0)

async function stage() {
  const chronicle = await startChronicle(past())
  onTestFinished(() => chronicle[Symbol.asyncDispose]())
  return chronicle.url
}

describe('the past in a real Prometheus', () => {
  it('is counted to the request: restarts, new codes, new gateways, silence, pieces', async () => {
    const url = await stage()
    const told: number[] = []
    const history = await readPast({
      address: url,
      credentials: {},
      namespace: 'shop',
      service: 'checkout',
      from: FROM,
      to: END,
      step: 60,
      withLatency: true,
      onProgress: (done) => told.push(done),
    })
    expect(told.at(-1)).toBe(MINUTES * 60)
    expect(told.length).toBeGreaterThan(1)
    expect(history).toMatchObject({ from: FROM, step: 60, boundaries: [100, 250] })
    expect(history.moments).toHaveLength(MINUTES)
    // The last value is shown for five minutes; then nothing is known until two edges in a row show something.
    const unknown = history.moments.flatMap((moment, minute) => (moment ? [] : [minute]))
    expect(unknown[0]).toBe(0)
    expect(unknown.slice(1)).toEqual([904, 905, 906, 907, 908, 909, 910])
    const quiet = new Set([...unknown, 900, 901, 902, 903])
    for (const [minute, moment] of history.moments.entries()) {
      if (!moment || quiet.has(minute)) continue
      const expected = 300 + 100 + bad(minute) + clients(minute) + (minute === 700 ? 3 : 0) + (minute > 800 ? 50 : 0)
      expect([minute, moment.n, moment.x]).toEqual([minute, expected, bad(minute) + (minute === 700 ? 3 : 0)])
      expect([minute, moment.classes]).toEqual([minute, [250, 40, 10]])
    }
  })

  it('is replayed by the command', async () => {
    const url = await stage()
    const folder = await mkdtemp(join(tmpdir(), 'sluice-backtest-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'rollout.yaml')
    const { spec, ...rest } = validManifest() as { spec: Record<string, unknown> }
    const metrics = [
      { name: 'errors', requests: {} },
      { name: 'latency', latency: { slowerThan: '200ms' } },
    ]
    const analysis = { interval: '15s', prometheus: { address: url }, metrics }
    await writeFile(
      file,
      stringify({ ...rest, metadata: { name: 'checkout', namespace: 'shop' }, spec: { ...spec, analysis } }),
    )
    const said = { out: '', complaints: '' }
    const terminal: Terminal = {
      print: (text) => (said.out += text),
      complain: (text) => (said.complaints += text),
      colors: colors.createColors(false),
      now: () => (END + 90) * 1_000,
    }
    const sluice = (...args: string[]) =>
      run(['backtest', '-f', file, '--days', '1', '--replays', '40', ...args], terminal)
    expect(await sluice('--compare', 'flagger')).toBe(0)
    expect(said.out).toMatch(/^sluice +identical +0\.0 %/m)
    expect(said.out).toMatch(/^sluice +100 % +100\.0 % .* 15s /m)
    expect(said.out).toMatch(/^flagger +100 % +100\.0 % .* 5m /m)
    expect(said.complaints).toMatch(/^reading history: \d+ %\n/)
    const [command = ''] = readFileSync('docs/evidence.md', 'utf8').match(/^sluice backtest .*--prometheus.*$/m) ?? []
    const words = command.replace('http://localhost:9090', url).replace('rollout.yaml', file).split(' ').slice(1)
    expect(await run([...words, '--replays', '5'], terminal)).toBe(0)
    expect(await sluice('--service', 'cart')).toBe(1)
    expect(said.complaints).toContain('shop/cart had no request in this time; is it the Service that has the traffic?')
  })
})
