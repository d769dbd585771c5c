import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Reading, Sampler } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import { steppedClock, type SteppedClock } from '../fakes/clock.ts'
import { fakePrometheus, type FakePrometheus, type FakeSeries } from '../fakes/prometheus.ts'
import { policy, readRows, request, requests, scraped, T } from './shop.ts'

/** How far Prometheus' clock is ahead of the local one. */
const OFFSET = 40

let prometheus: FakePrometheus
let clock: SteppedClock
let sampler: Sampler
beforeEach(async () => {
  prometheus = await fakePrometheus()
  clock = steppedClock((T - OFFSET + 0.5) * 1_000, prometheus.isIdle)
  prometheus.now = () => clock.now() / 1_000 + OFFSET
  sampler = createSamplers({ clock })(prometheus.url, {})
})
afterEach(() => prometheus[Symbol.asyncDispose]())

const THREE_ROWS = Array.from({ length: 3 }, () => [2, 2, 0, 0])

const every2s = policy({ interval: 2 })

/** Scraped every second, 0.3 s after the full one; visible `delay` seconds later. */
const live = (arm: 'c' | 'b', labels: Record<string, string> = {}, delay = 0.02): FakeSeries =>
  requests(
    arm,
    '200',
    scraped(T - 59.7, T + 600, 1, (time) => Math.round(time - T + 100)).map(([time, value]) => [
      time,
      value,
      time + delay,
    ]),
    labels,
  )

/** Every row with the time (epoch seconds of Prometheus, less T) at which it came out. */
async function timed(rows: number, asked = request({ policy: every2s })): Promise<{ at: number; reading: Reading }[]> {
  const ended = new AbortController()
  const seen: { at: number; reading: Reading }[] = []
  for await (const reading of sampler.read(asked, ended.signal)) {
    seen.push({ at: prometheus.now() - T, reading })
    if (seen.length === rows) ended.abort()
  }
  return seen
}

describe('a row that is being scraped', () => {
  it('comes out as soon as every target was scraped after its end', async () => {
    prometheus.series = [live('c'), live('b')]
    const rows = await timed(4)
    for (const [i, { at, reading }] of rows.entries()) {
      expect(reading).toMatchObject({ t0: T + 2 * i, t1: T + 2 * i + 2, cells: { errors: [2, 2, 0, 0] } })
      expect(at - (2 * i + 2)).toBeGreaterThanOrEqual(0.3)
      expect(at - (2 * i + 2)).toBeLessThan(0.6)
    }
    // One look to learn the rhythm, then one per row.
    expect(evidenceQueries()).toHaveLength(5)
  })

  it('comes out after a scrape and the lag at the latest, with three looks at most', async () => {
    prometheus.series = [live('c'), live('b', { instance: 'slow' }, 1.3)]
    const [first, second] = await timed(2)
    expect((first?.at ?? 0) - (first?.reading.t1 ?? 0) + T).toBeCloseTo(1.5, 1)
    expect((second?.at ?? 0) - (second?.reading.t1 ?? 0) + T).toBeCloseTo(1.5, 1)
    expect(evidenceQueries().length).toBeLessThanOrEqual(1 + 3 * 2)
  })

  it('counts a sample that comes a minute late once, in a later row, and rewrites nothing', async () => {
    const samples = scraped(T - 60, T + 600, 15, (time) => time - T + 100)
    const late = samples.map(([time, value]): [number, number | 'NaN', number] => {
      const isLate = time === T + 45 || time === T + 60
      return [time, value, isLate ? time + 60 : time]
    })
    prometheus.series = [requests('c', '200', late), requests('b', '200', samples, { instance: 'other' })]
    const rows = await readRows(sampler, request(), 6)
    const sum = rows.reduce((total, { cells }) => total + (cells.errors?.[0] ?? 0), 0)
    expect(sum).toBe((rows.at(-1)?.t1 ?? 0) - T)
    for (const [i, row] of rows.slice(1).entries()) expect(row.t0).toBe(rows[i]?.t1)
  })

  it('keeps telling rows without data while Prometheus is down, and goes on after', async () => {
    prometheus.series = [live('c'), live('b')]
    prometheus.answer = (_, response) => {
      const isDown = prometheus.now() > T + 3 && prometheus.now() < T + 13
      if (isDown) response.destroy()
      return isDown
    }
    const rows = (await timed(9)).map(({ reading }) => reading)
    const silent = rows.filter(({ cells }) => cells.errors === undefined)
    expect(silent.length).toBeGreaterThanOrEqual(4)
    for (const row of silent) expect(row.missing).toContain('Prometheus closed the connection')
    const sum = rows.reduce((total, { cells }) => total + (cells.errors?.[0] ?? 0), 0)
    expect(sum).toBe(18)
  })

  it('ends at once when it is told to, even while Prometheus does not answer', async () => {
    prometheus.answer = () => true
    const ended = new AbortController()
    const reading = rowsUntil(sampler, ended.signal)
    ended.abort()
    expect(await reading).toEqual([])
  })
})

describe('a long absence', () => {
  it('is read again in pieces, row by row', async () => {
    prometheus.now = () => T + 7_200
    prometheus.series = [
      requests(
        'c',
        '200',
        scraped(T - 60, T + 7_200, 5, (time) => time - T + 100),
      ),
      requests(
        'b',
        '200',
        scraped(T - 60, T + 7_200, 5, (time) => 4 * (time - T + 100)),
      ),
    ]
    const rows = await readRows(sampler, request(), 470)
    for (const [i, row] of rows.entries()) {
      expect(row).toMatchObject({ t0: T + 15 * i, t1: T + 15 * i + 15, cells: { errors: [15, 60, 0, 0] } })
    }
    expect(evidenceQueries().length).toBeLessThan(12)
    for (const query of prometheus.queries) expect(windowOf(query)).toBeLessThan(3_900)
  })

  it('goes on where the known rows end', async () => {
    prometheus.now = () => T + 600
    prometheus.series = [live('c'), live('b')]
    const whole = await readRows(sampler, request({ policy: every2s }), 60)
    const rest = await readRows(sampler, request({ policy: every2s, after: T + 80 }), 20)
    expect(rest).toEqual(whole.slice(40))
  })
})

describe('many releases', () => {
  const names = Array.from({ length: 8 }, (_, i) => `shop-${i}`)
  const series = (name: string): FakeSeries[] =>
    (['c', 'b'] as const).map((arm) => live(arm, { destination_service_name: `${name}-${arm}` }))
  const ask = (name: string) => request({ canary: `${name}-c`, baseline: `${name}-b`, policy: every2s })

  it('share one query per row', async () => {
    prometheus.series = [...names.flatMap(series), live('c'), live('b')]
    await timed(1)
    prometheus.queries.length = 0
    const after = (Math.floor(prometheus.now() / 2) + 1) * 2
    const all = await Promise.all(names.map((name) => readRows(sampler, { ...ask(name), after }, 3)))
    for (const rows of all) expect(rows.map(({ cells }) => cells.errors)).toEqual(THREE_ROWS)
    expect(evidenceQueries()).toHaveLength(3)
  })

  it('are not held by one that Prometheus cannot answer', async () => {
    prometheus.series = [...names.flatMap(series), live('c'), live('b')]
    await timed(1)
    prometheus.answer = (query, response) => {
      if (!query.includes('shop-5')) return false
      response.statusCode = 422
      response.end(JSON.stringify({ status: 'error', errorType: 'execution', error: 'too many samples' }))
      return true
    }
    const after = (Math.floor(prometheus.now() / 2) + 1) * 2
    const all = await Promise.all(names.map((name) => readRows(sampler, { ...ask(name), after }, 3)))
    const [bad = []] = all.splice(5, 1)
    for (const row of bad) expect(row).toMatchObject({ cells: {}, missing: 'Prometheus answers 422: too many samples' })
    for (const rows of all) expect(rows.map(({ cells }) => cells.errors)).toEqual(THREE_ROWS)
  })

  it.each([429, 503])('fail alike, without more questions, when Prometheus has no room for one (%d)', async (code) => {
    prometheus.series = [...names.flatMap(series), live('c'), live('b')]
    await timed(1)
    prometheus.queries.length = 0
    prometheus.answer = (_, response) => {
      response.statusCode = code
      response.end(JSON.stringify({ status: 'error', error: 'queue is full' }))
      return true
    }
    const after = (Math.floor(prometheus.now() / 2) + 1) * 2
    const all = await Promise.all(names.map((name) => readRows(sampler, { ...ask(name), after }, 1)))
    const missing = `Prometheus answers ${code}: queue is full`
    for (const rows of all) expect(rows).toMatchObject([{ cells: {}, missing }])
    // Three looks at most, all releases together in every other one, in two halves in the rest.
    expect(evidenceQueries().length).toBeLessThanOrEqual(4)
  })
})

describe('the sources of a release', () => {
  it('tells before a release which queries will be asked', () => {
    const metrics = [
      { name: 'errors', kind: 'requests' as const },
      { name: 'slow', kind: 'latency' as const, slowerThanMs: 250, boundariesMs: [500] },
    ]
    const [errors, slow] = sampler.sources(request({ policy: policy({ metrics }) }))
    expect(errors).toEqual({
      metric: 'errors',
      window: '15s',
      query:
        'istio_requests_total{reporter=~"source|waypoint",destination_service_namespace=~"shop",' +
        'destination_service_name=~"checkout-b|checkout-c"}[15000ms]',
    })
    expect(slow?.query).toContain('le=~"|500(\\\\.0)?"')
  })
})

const evidenceQueries = (): string[] => prometheus.queries.filter((query) => !query.includes('reporter="destination"'))

const windowOf = (query: string): number => Number(/\[(\d+)ms\]$/.exec(query)?.[1]) / 1_000

async function rowsUntil(from: Sampler, signal: AbortSignal): Promise<Reading[]> {
  const readings: Reading[] = []
  for await (const reading of from.read(request({ policy: every2s }), signal)) readings.push(reading)
  return readings
}
