import { describe, expect, it } from 'vitest'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { FakeSeries } from '../fakes/prometheus.ts'
import { openPast } from './past.ts'
import { durations, policy, request, requests, scraped, T } from './shop.ts'

/** Who reports a request in an ambient mesh: the waypoint, the caller where it has a proxy of its own, or both. */
const past = openPast()

const GATEWAY = { source_workload_namespace: 'edge', source_workload: 'gateway' }
const CART = { source_workload_namespace: 'shop', source_workload: 'cart' }
const WAYPOINT = { reporter: 'waypoint', instance: 'waypoint:15020' }

const grown = (perSecond: number): FakeSeries['samples'] =>
  scraped(T - 60, T + 600, 5, (time) => (time - T + 100) * perSecond)
const both = (perSecond: number, labels: Record<string, string>): FakeSeries[] =>
  (['c', 'b'] as const).flatMap((arm) => [
    requests(arm, '200', grown(perSecond), labels),
    requests(arm, '503', grown(1), labels),
  ])

async function read(series: FakeSeries[], metrics = policy().metrics) {
  const [row] = await past.read(series, 1, { policy: policy({ metrics }) })
  return row
}

describe('requests that a waypoint reports', () => {
  it('are counted where nobody else does', async () => {
    const row = await read(both(3, { ...WAYPOINT, ...CART }))
    expect(row?.cells).toEqual({ errors: [60, 60, 15, 15] })
  })

  it('are counted once where the caller reports them, too', async () => {
    const row = await read([
      ...both(3, GATEWAY),
      ...both(3, { ...WAYPOINT, ...GATEWAY }),
      ...both(1, { ...WAYPOINT, ...CART }),
    ])
    expect(row?.cells).toEqual({ errors: [90, 90, 30, 30] })
  })

  it('are nobody’s where a caller may report them or not, and the row says so', async () => {
    const row = await read([...both(3, GATEWAY), ...both(3, { ...WAYPOINT, source_workload: 'unknown' })])
    expect(row?.cells).toEqual({})
    expect(row?.missing).toBe(
      'callers and a waypoint report requests, and source_workload does not tell which are the same',
    )
  })

  it('have their durations counted once', async () => {
    const histogram = (labels: Record<string, string>): FakeSeries[] =>
      (['c', 'b'] as const).flatMap((arm) => [
        durations(arm, '250', grown(3), labels),
        durations(arm, '+Inf', grown(4), labels),
        durations(arm, undefined, grown(4), labels),
      ])
    const series = [...histogram(GATEWAY), ...histogram({ ...WAYPOINT, ...GATEWAY })]
    const row = await read(series, [{ name: 'slow', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] }])
    expect(row?.cells).toEqual({ 'slow:250': [60, 60, 15, 15] })
  })

  it('are counted once before the release, too', async () => {
    past.prometheus().series = [...both(3, GATEWAY), ...both(3, { ...WAYPOINT, ...GATEWAY })]
    const asked = { ...request(), apex: 'checkout' }
    const { before } = await createSamplers()(past.prometheus().url, {}).before(asked, AbortSignal.timeout(5_000))
    expect(before.rate).toBe(4)
  })
})
