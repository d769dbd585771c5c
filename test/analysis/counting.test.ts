import { describe, expect, it } from 'vitest'
import type { FakeSeries } from '../fakes/prometheus.ts'
import { cellsOf, openPast, steady } from './past.ts'
import { requests, scraped, T } from './shop.ts'

const past = openPast()
const { read } = past

describe('counting requests', () => {
  it('cuts rows at multiples of the interval, by what was scraped in them', async () => {
    const readings = await read([steady('c', 1), steady('b', 4)], 3)
    expect(readings.map(({ t0, t1 }) => [t0 - T, t1 - T])).toEqual([
      [0, 15],
      [15, 30],
      [30, 45],
    ])
    expect(cellsOf(readings)).toEqual(Array.from({ length: 3 }, () => [15, 60, 0, 0]))
  })

  it.each([true, false])('counts the same where scrapes fall on edges, with windows closed: %s', async (isClosed) => {
    past.prometheus().hasClosedWindows = isClosed
    const onEdges = (['c', 'b'] as const).map((arm) =>
      requests(
        arm,
        '200',
        scraped(T - 60, T + 600, 15, (time) => time - T + 100),
      ),
    )
    const readings = await read(onEdges, 20)
    expect(cellsOf(readings)).toEqual(Array.from({ length: 20 }, () => [15, 15, 0, 0]))
  })

  it('counts the first sample of new series: three first errors are three', async () => {
    const late = ['500', '502', '503'].map((code) =>
      requests(
        'c',
        code,
        scraped(T + 10, T + 600, 5, () => 1),
      ),
    )
    const [first, second] = await read([steady('c', 1), steady('b', 4), ...late], 2)
    expect(first?.cells.errors).toEqual([18, 60, 3, 0])
    expect(first?.classes).toEqual({ 'code:500': [1, 0], 'code:502': [1, 0], 'code:503': [1, 0] })
    expect(second?.cells.errors).toEqual([15, 60, 0, 0])
  })

  it('takes the first sample of a target that nobody knows as a base', async () => {
    const stranger = requests(
      'b',
      '200',
      scraped(T + 10, T + 600, 5, (time) => 5_000 + time - T),
      { instance: 'other' },
    )
    const readings = await read([steady('c', 1), steady('b', 4), stranger], 2)
    expect(cellsOf(readings)).toEqual([
      [15, 65, 0, 0],
      [15, 75, 0, 0],
    ])
  })

  it('counts the first sample of a target that was scraped before without the series', async () => {
    const fresh = (arm: 'c' | 'b', n: number): FakeSeries =>
      requests(
        arm,
        '503',
        scraped(T + 10, T + 600, 5, () => n),
        { instance: 'other' },
      )
    const up = {
      labels: { __name__: 'up', job: 'envoy', instance: 'other' },
      samples: scraped(T - 20, T + 600, 5, () => 1),
    }
    const [first] = await read([steady('c', 1), steady('b', 4), fresh('c', 3), fresh('b', 2), up], 1)
    expect(first?.cells.errors).toEqual([18, 62, 3, 2])
  })

  it('does not take a failed scrape for proof that a series was not there', async () => {
    const fresh = requests(
      'c',
      '503',
      scraped(T + 10, T + 600, 5, () => 3),
      { instance: 'other' },
    )
    const up = {
      labels: { __name__: 'up', job: 'envoy', instance: 'other' },
      samples: scraped(T - 20, T + 5, 5, () => 0),
    }
    const [first] = await read([steady('c', 1), steady('b', 4), fresh, up], 1)
    expect(first?.cells.errors).toEqual([15, 60, 0, 0])
  })

  it('counts the first sample of a process that is younger than the release', async () => {
    const fresh = requests(
      'c',
      '503',
      scraped(T + 10, T + 600, 5, () => 3),
      { instance: 'other' },
    )
    const born = (time: number): FakeSeries => ({
      labels: { __name__: 'istio_agent_process_start_time_seconds', job: 'envoy', instance: 'other' },
      samples: scraped(T + 10, T + 600, 5, () => time),
    })
    const [young] = await read([steady('c', 1), steady('b', 4), fresh, born(T - 30)], 1)
    expect(young?.cells.errors).toEqual([18, 60, 3, 0])
    const [old] = await read([steady('c', 1), steady('b', 4), fresh, born(T - 5_000)], 1)
    expect(old?.cells.errors).toEqual([15, 60, 0, 0])
  })

  it('gives whole numbers whose sum is exact, wherever the samples lie', async () => {
    const odd = requests(
      'b',
      '200',
      scraped(T - 58.7, T + 600, 3.3, (time) => Math.floor((time - T + 60) / 7)),
    )
    const readings = await read([steady('c', 1), odd], 20)
    const sum = readings.reduce((total, { cells }) => total + (cells.errors?.[1] ?? NaN), 0)
    const within = odd.samples.filter(([time]) => time <= T + 300).at(-1)?.[1] as number
    const before = odd.samples.filter(([time]) => time <= T).at(-1)?.[1] as number
    expect(sum).toBe(within - before)
  })

  it('sees the restart of one of two pods, to the request', async () => {
    const restarted = scraped(T - 60, T + 600, 5, (time) => (time < T + 20 ? 1_000 + time - T : time - T - 15))
    const [first, second] = await read(
      [
        steady('b', 4),
        requests('c', '200', restarted, { pod: 'one', instance: 'one' }),
        requests(
          'c',
          '200',
          scraped(T - 60, T + 600, 5, (time) => 2_000 + time - T),
          { pod: 'two', instance: 'two' },
        ),
      ],
      2,
    )
    expect(first?.cells.errors?.[0]).toBe(30)
    expect(second?.cells.errors?.[0]).toBe(15 + 15)
  })

  it('counts a small counter after a restart that a large one of the same process shows', async () => {
    const small = requests('c', '500', [[T - 5, 3], ...scraped(T + 5, T + 600, 5, () => 2)])
    const large = requests('c', '200', [[T - 5, 900], ...scraped(T + 5, T + 600, 5, () => 40)])
    const [first] = await read([small, large, steady('b', 4)], 1)
    expect(first?.cells.errors).toEqual([42, 60, 2, 0])
  })

  it('does not take a second Prometheus that lags a little for a restart', async () => {
    const wavering = scraped(T - 60, T + 600, 5, (time) => 1_000 + (time - T) - ((time / 5) % 2 === 0 ? 0 : 7))
    const [first] = await read([requests('c', '200', wavering), steady('b', 4)], 1)
    expect(first?.cells.errors?.[0]).toBeLessThan(40)
    expect(first?.missing).toBeUndefined()
  })

  it('calls 5xx, no response and the gRPC statuses of the server bad', async () => {
    const five = (code: string, labels: Record<string, string>): FakeSeries =>
      requests('c', code, [[T - 5, 0], ...scraped(T + 5, T + 600, 5, () => 5)], labels)
    const [first] = await read(
      [
        steady('c', 1),
        steady('b', 4),
        five('503', { response_flags: 'UF,URX' }),
        five('0', { response_flags: 'DC' }),
        five('0', { response_flags: '-' }),
        five('404', {}),
        five('200', { grpc_response_status: '14' }),
        five('200', { grpc_response_status: '5' }),
        five('500', { response_flags: 'FI' }),
      ],
      1,
    )
    expect(first?.cells.errors).toEqual([50, 60, 15, 0])
    expect(first?.classes).toEqual({
      'code:503': [5, 0],
      'flag:UF': [5, 0],
      'flag:URX': [5, 0],
      'client:DC': [5, 0],
      'code:0': [5, 0],
      'code:gRPC 14': [5, 0],
    })
  })

  it('counts nothing of other Services, of other namespaces and of the destination side', async () => {
    const others = [
      requests(
        'c',
        '500',
        scraped(T - 60, T + 600, 5, (time) => time - T + 100),
        { reporter: 'destination' },
      ),
      requests(
        'c',
        '500',
        scraped(T - 60, T + 600, 5, (time) => time - T + 100),
        { destination_service_namespace: 'x' },
      ),
      requests(
        'c',
        '500',
        scraped(T - 60, T + 600, 5, (time) => time - T + 100),
        { destination_service_name: 'checkout' },
      ),
    ]
    const [first] = await read([steady('c', 1), steady('b', 4), ...others], 1)
    expect(first?.cells.errors).toEqual([15, 60, 0, 0])
  })
})
