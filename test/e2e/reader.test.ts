import { describe, expect, it, onTestFinished } from 'vitest'
import { createSamplers, type Cell, type Reading, type SampleRequest } from '../../analysis/index.ts'
import { policy, request } from '../analysis/shop.ts'
import { startExporter, startPrometheus, type Exporter } from '../stage/witness.ts'

/** The reader against a real Prometheus that scrapes a process whose counters the test sets. */

type Arm = 'c' | 'b'
const arm = (service: Arm): string =>
  `reporter="source",destination_service_namespace="shop",destination_service_name="checkout-${service}"`
const requests = (service: Arm, code: number): string => `istio_requests_total{${arm(service)},response_code="${code}"}`
const bucket = (service: Arm, le: string): string =>
  `istio_request_duration_milliseconds_bucket{${arm(service)},le="${le}"}`
const count = (service: Arm): string => `istio_request_duration_milliseconds_count{${arm(service)}}`

const add = ({ counters }: Exporter, series: string, amount: number): void => {
  counters.set(series, (counters.get(series) ?? 0) + amount)
}

/** Rows as they come; `until` waits for the row at which something holds. */
function collect(url: string, changes: Partial<SampleRequest> = {}) {
  const rows: Reading[] = []
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  const asked = request({
    policy: policy({ interval: 1 }),
    startedAt: 0,
    after: Math.floor(Date.now() / 1_000),
    ...changes,
  })
  const readings = createSamplers()(url, {}).read(asked, ended.signal)[Symbol.asyncIterator]()
  const sum = (key: string): Cell =>
    rows.reduce<Cell>((total, { cells }) => total.map((n, i) => n + (cells[key]?.[i] ?? 0)) as Cell, [0, 0, 0, 0])
  return {
    sum,
    async until(holds: (last: Reading) => boolean): Promise<Reading> {
      for (;;) {
        const { value } = (await readings.next()) as { value: Reading }
        rows.push(value)
        if (holds(value)) return value
      }
    },
  }
}

const hasErrors = ({ cells }: Reading): boolean => cells.errors !== undefined

async function stage() {
  const exporters = [await startExporter(), await startExporter()] as const
  const [one, two] = exporters
  for (const exporter of exporters)
    for (const service of ['c', 'b'] as const) add(exporter, requests(service, 200), 1_000)
  const prometheus = await startPrometheus([one, two])
  onTestFinished(async () => {
    await prometheus[Symbol.asyncDispose]()
    await Promise.all(exporters.map((exporter) => exporter[Symbol.asyncDispose]()))
  })
  return { one, two, url: prometheus.url }
}

describe('the reader on a real Prometheus', () => {
  it('counts to the request: first samples, odd moments, a restart of one of two processes', async () => {
    const { one, two, url } = await stage()
    const rows = collect(url)
    await rows.until(hasErrors)
    for (const code of [500, 502, 503]) add(one, requests('c', code), 1)
    add(one, requests('c', 200), 7)
    add(two, requests('b', 200), 41)
    await rows.until(() => rows.sum('errors').join() === '10,41,3,0')
    two.counters.set(requests('c', 200), 13)
    two.counters.set(requests('b', 200), 1_041)
    await rows.until(() => rows.sum('errors').join() === '23,41,3,0')
    add(two, requests('b', 200), 1)
    await rows.until(() => rows.sum('errors')[1] === 42)
    expect(rows.sum('errors')).toEqual([23, 42, 3, 0])
  })

  it('finds boundaries however they are spelled', async () => {
    const { one, url } = await stage()
    const slow = policy({ interval: 1, metrics: [{ name: 'latency', kind: 'latency', slowerThanMs: 200 }] })
    const observe = (service: Arm, fast: number, all: number): void => {
      for (const [series, amount] of [
        [bucket(service, '100'), 0],
        [bucket(service, '250'), fast],
        [bucket(service, '+Inf'), all],
        [count(service), all],
      ] as const)
        add(one, series, amount)
    }
    observe('c', 10, 10)
    observe('b', 10, 10)
    const rows = collect(url, { policy: slow })
    await rows.until(({ cells }) => cells['latency:250'] !== undefined)
    const before = rows.sum('latency:250')
    observe('c', 6, 9)
    observe('b', 20, 20)
    await rows.until(() => rows.sum('latency:250')[1] === before[1] + 20)
    const after = rows.sum('latency:250')
    expect(after.map((n, i) => n - (before[i] ?? 0))).toEqual([9, 20, 3, 0])
  })

  it('has no data where a counter is NaN or an arm is missing, and goes on after', async () => {
    const { one, two, url } = await stage()
    const rows = collect(url)
    await rows.until(hasErrors)
    one.counters.set(requests('c', 200), NaN)
    const broken = await rows.until(({ cells }) => cells.errors === undefined)
    expect(broken.missing).toContain('NaN')
    one.counters.set(requests('c', 200), 1_000)
    await rows.until(hasErrors)
    for (const exporter of [one, two]) exporter.counters.delete(requests('c', 200))
    const empty = await rows.until(({ cells }) => cells.errors === undefined)
    expect(empty.missing).toContain('no requests of checkout-c')
  })

  it('counts nothing for a killed process after its last sample, and goes on with the others', async () => {
    const { one, two, url } = await stage()
    const rows = collect(url)
    await rows.until(hasErrors)
    add(two, requests('c', 200), 5)
    await rows.until(() => rows.sum('errors')[0] === 5)
    await two.kill()
    const gap = await rows.until(({ gap }) => gap === true)
    expect(gap.t1 - gap.t0).toBe(3)
    add(one, requests('c', 200), 2)
    const next = await rows.until(() => rows.sum('errors')[0] === 7)
    expect(next.gap).toBeUndefined()
    expect(rows.sum('errors')).toEqual([7, 0, 0, 0])
  })
})
