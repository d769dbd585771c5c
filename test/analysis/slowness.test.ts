import { describe, expect, it } from 'vitest'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { FakeSeries } from '../fakes/prometheus.ts'
import { cellsOf, openPast, steady } from './past.ts'
import { durations, policy, request, scraped, T } from './shop.ts'

const past = openPast()
const { read } = past

describe('counting slow requests', () => {
  const latency = policy({ metrics: [{ name: 'latency', kind: 'latency', slowerThanMs: 200 }] })
  const histogram = (arm: 'c' | 'b', slow: number, [fast, at250, all]: [string, string, string]): FakeSeries[] => {
    const rising = (share: number): FakeSeries['samples'] =>
      scraped(T - 60, T + 600, 5, (time) => Math.round((time - T + 100) * 20 * share))
    return [
      durations(arm, fast, rising((1 - slow) / 2)),
      durations(arm, at250, rising(1 - slow)),
      durations(arm, all, rising(1)),
      durations(arm, undefined, rising(1)),
    ]
  }

  it.each([
    ['as exporters write them', ['100', '250', '+Inf']],
    ['as Prometheus 3 stores them', ['100.0', '250.0', '+Inf']],
  ] as [string, [string, string, string]][])('takes the next boundary above, %s', async (_, boundaries) => {
    const series = [...histogram('c', 0.2, boundaries), ...histogram('b', 0.05, boundaries)]
    const readings = await read(series, 2, { policy: latency })
    expect(cellsOf(readings, 'latency:250')).toEqual(Array.from({ length: 2 }, () => [300, 300, 60, 15]))
  })

  it.each([
    [200, [250]],
    [250, [250]],
    [251, [1_000_000]],
    [2_000_000, undefined],
  ])('fixes the boundaries of %d ms before the release begins', async (slowerThanMs, expected) => {
    const boundaries: [string, string, string] = ['0.5', '250', '1e+06']
    past.prometheus().series = [...histogram('c', 0.2, boundaries), ...histogram('b', 0.05, boundaries)]
    const metrics = [{ name: 'latency', kind: 'latency' as const, slowerThanMs }]
    const asked = { ...request({ policy: policy({ metrics }) }), apex: 'checkout' }
    const { policy: fixed } = await createSamplers()(past.prometheus().url, {}).before(
      asked,
      AbortSignal.timeout(5_000),
    )
    expect(fixed.metrics).toEqual([{ ...metrics[0], ...(expected ? { boundariesMs: expected } : {}) }])
  })

  it.each([0.5, 250, 1_000_000])('finds a boundary of %d ms that was fixed before', async (boundaryMs) => {
    const metrics = [{ name: 'slow', kind: 'latency' as const, slowerThanMs: 0.4, boundariesMs: [boundaryMs] }]
    const boundaries: [string, string, string] = ['0.5', '250.0', '1e+06']
    const series = [...histogram('c', 0.2, boundaries), ...histogram('b', 0.05, boundaries)]
    const [first] = await read(series, 1, { policy: policy({ metrics }) })
    expect(first?.cells[`slow:${boundaryMs}`]?.[0]).toBe(300)
  })

  it('says so when no boundary is high enough', async () => {
    const metrics = [{ name: 'latency', kind: 'latency' as const, slowerThanMs: 9_000 }]
    const series = [...histogram('c', 0.2, ['100', '250', '+Inf']), ...histogram('b', 0.05, ['100', '250', '+Inf'])]
    const [first] = await read(series, 1, { policy: policy({ metrics }) })
    expect(first).toMatchObject({ cells: {}, missing: expect.stringContaining('boundary') as string })
  })

  it('reads requests and durations side by side', async () => {
    const both = policy({ metrics: [{ name: 'errors', kind: 'requests' }, ...latency.metrics] })
    const boundaries: [string, string, string] = ['100', '250', '+Inf']
    const series = [steady('c', 1), steady('b', 4), ...histogram('c', 0, boundaries), ...histogram('b', 0, boundaries)]
    const [first] = await read(series, 1, { policy: both })
    expect(first?.cells).toEqual({ errors: [15, 60, 0, 0], 'latency:250': [300, 300, 0, 0] })
  })
})
