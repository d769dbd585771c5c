import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reading } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { BeforeRequest } from '../../analysis/sampler.ts'
import { policy, readRows } from '../analysis/shop.ts'
import { startChronicle, type Line } from '../stage/chronicle.ts'
import { released } from './rows.ts'
import { bucket, durations, requests, type Arm } from './series.ts'

/** A real Prometheus with a past that promtool wrote; it goes on for a while, so that nobody has to hurry. */
const NOW = Math.floor(Date.now() / 60_000) * 60
const HOURS = 3_600
const FUTURE = 600

type Shape = { every: number; offset?: number; from?: number; value: (time: number) => number }
const line = (series: string, { every, offset = 0, from = NOW - 7 * HOURS, value }: Shape): Line => ({
  series: series.replace('{', '{job="envoy",instance="gateway",'),
  samples: Array.from({ length: Math.floor((NOW + FUTURE - from) / every) }, (_, i) => {
    const time = from + i * every + offset
    return [time, value(time)]
  }),
})
const since = (from: number, perSecond: number) => (time: number) => Math.floor((time - from) * perSecond)
const DAY = NOW - 24 * HOURS

const aligned = (['c', 'b'] as const).map((arm) =>
  line(requests('aligned', arm, 200), { every: 15, from: NOW - 900, value: since(DAY, 2) }),
)
const odd = (['c', 'b'] as const).map((arm) =>
  line(requests('odd', arm, 200), { every: 7, offset: 3.3, from: NOW - 903, value: since(DAY, 0.37) }),
)

/** 10 requests per second at rest; the gateway began anew two hours ago, and requests fail since 20 minutes. */
const RESTART = NOW - 2 * HOURS
const served = line(requests('shop', 'b', 200).replace('shop-b', 'shop'), {
  every: 15,
  value: (time) => (time < RESTART ? since(DAY, 10)(time) : since(RESTART, 10)(time)),
})
const failing = line(requests('shop', 'b', 503).replace('shop-b', 'shop'), {
  every: 15,
  from: NOW - 1_200,
  value: since(NOW - 1_200, 1),
})
/** Of 1,000 requests so many are slower than these milliseconds. */
const SLOWER = { '10.0': 990, '50.0': 400, '250.0': 20, '500.0': 1, '1000.0': 0, '2500.0': 0, '5000.0': 0 }
const histogram = [
  ...Object.entries(SLOWER).map(([le, slower]) =>
    line(bucket('shop', 'b', le), { every: 15, value: (time) => Math.floor((time - DAY) / 100) * (1_000 - slower) }),
  ),
  line(bucket('shop', 'b', '+Inf'), { every: 15, value: (time) => Math.floor((time - DAY) / 100) * 1_000 }),
  line(durations('shop', 'b'), { every: 15, value: (time) => Math.floor((time - DAY) / 100) * 1_000 }),
].map((one) => ({ ...one, series: one.series.replace('shop-b', 'shop') }))

let chronicle: Awaited<ReturnType<typeof startChronicle>>
beforeAll(async () => {
  chronicle = await startChronicle([...aligned, ...odd, served, failing, ...histogram])
})
afterAll(() => chronicle[Symbol.asyncDispose]())

const read = (rollout: string, rows: number): Promise<Reading[]> =>
  readRows(
    createSamplers()(chronicle.url, {}),
    released(rollout, { policy: policy(), startedAt: 0, after: NOW - 600 }),
    rows,
  )

describe('the traps of Prometheus, in its past', () => {
  it('2: counts whole requests and all of them, wherever the scrapes lie', async () => {
    const rows = await read('odd', 30)
    const sum = (place: 0 | 1): number => rows.reduce((total, { cells }) => total + (cells.errors?.[place] ?? NaN), 0)
    const at = (arm: Arm, time: number): number =>
      odd[arm === 'c' ? 0 : 1]?.samples.findLast(([sampled]) => sampled <= time)?.[1] ?? NaN
    expect(sum(0)).toBe(at('c', NOW - 150) - at('c', NOW - 600))
    expect(sum(1)).toBe(at('b', NOW - 150) - at('b', NOW - 600))
    for (const { cells } of rows) for (const count of cells.errors ?? [NaN]) expect(count).toSatisfy(Number.isInteger)
  })

  it('4: gives each row its own samples where scrapes fall on its edges', async () => {
    const rows = await read('aligned', 30)
    expect(rows.map(({ cells }) => cells.errors)).toEqual(Array.from({ length: 30 }, () => [30, 30, 0, 0]))
  })
})

describe('what was before a release', () => {
  const latency = { name: 'latency', kind: 'latency' as const, slowerThanMs: 200 }
  const asked = (changes: Partial<BeforeRequest> = {}): BeforeRequest => ({
    ...released('shop', { policy: policy({ metrics: [latency] }) }),
    apex: 'shop',
    ...changes,
  })
  const look = (request: BeforeRequest) =>
    createSamplers()(chronicle.url, {}).before(request, AbortSignal.timeout(30_000))

  it('is counted to the request, restarts and new series included', async () => {
    const { before } = await look(asked())
    expect(before.rate).toBe(11)
    const [short, long] = [before.burn?.short ?? [], before.burn?.long ?? []]
    // A minute may have passed since; what came between the last look and the restart is not known to anybody.
    const failed = [1_200, 1_260]
    expect(failed).toContain(short[1])
    expect(short[0]).toBe(18_000 + (short[1] ?? 0))
    expect(long[1]).toBe(short[1])
    expect(long[0]).toBe(216_000 + (long[1] ?? 0) - 600)
  })

  it('fixes the boundaries: the declared one, those that tell something, and two above', async () => {
    const { policy: fixed } = await look(asked())
    expect(fixed.metrics).toEqual([{ ...latency, boundariesMs: [50, 250, 500, 1_000, 2_500] }])
  })

  it('leaves the boundaries of a policy that has them', async () => {
    const metrics = [{ ...latency, boundariesMs: [100] }]
    expect((await look(asked({ policy: policy({ metrics }) }))).policy.metrics).toEqual(metrics)
  })

  it('keeps the cells of a release within sixty', async () => {
    const metrics = Array.from({ length: 30 }, (_, i) => ({ ...latency, name: `latency-${i}` }))
    const { policy: fixed } = await look(asked({ policy: policy({ metrics }) }))
    for (const metric of fixed.metrics) expect(metric).toMatchObject({ boundariesMs: [250, 2_500] })
  })

  it('is nothing where Prometheus knows nothing, and says why where nobody answers', async () => {
    const nothing = { before: {}, policy: policy({ metrics: [latency] }) }
    expect(await look(asked({ apex: 'other', baseline: 'other-b', canary: 'other-c' }))).toEqual(nothing)
    const nobody = createSamplers()('http://127.0.0.1:1', {})
    const refused = expect.stringContaining('spec.analysis.prometheus.address') as string
    expect(await nobody.before(asked(), AbortSignal.timeout(30_000))).toEqual({ ...nothing, refused })
    expect(await createSamplers()(chronicle.url, {}).before(asked(), AbortSignal.abort())).toEqual(nothing)
  })
})
