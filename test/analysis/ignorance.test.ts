import { describe, expect, it } from 'vitest'
import type { FakeSeries } from '../fakes/prometheus.ts'
import { cellsOf, openPast, steady } from './past.ts'
import { requests, scraped, T } from './shop.ts'

const { read } = openPast()

describe('ignorance', () => {
  const zero = (arm: 'c' | 'b'): FakeSeries =>
    requests(
      arm,
      '200',
      scraped(T - 60, T + 600, 5, () => 7),
    )
  const nan = (arm: 'c' | 'b'): FakeSeries =>
    requests(
      arm,
      '200',
      scraped(T - 60, T + 600, 5, () => 7).map(([time]) => [time, 'NaN']),
    )
  const shapes = { NaN: nan, empty: () => undefined, 0: zero }

  it.each(Object.keys(shapes).flatMap((canary) => Object.keys(shapes).map((baseline) => [canary, baseline] as const)))(
    'canary %s, baseline %s: only zero on both sides is data',
    async (canary, baseline) => {
      const series = [shapes[canary as keyof typeof shapes]('c'), shapes[baseline as keyof typeof shapes]('b')].filter(
        (one) => one !== undefined,
      )
      const [first] = await read(series, 1)
      expect(first?.cells).toEqual(canary === '0' && baseline === '0' ? { errors: [0, 0, 0, 0] } : {})
      expect(first?.missing === undefined).toBe(first?.cells.errors !== undefined)
    },
  )

  it('goes on by itself when NaN is over', async () => {
    const samples = scraped(T - 60, T + 600, 5, (time) => time - T + 100)
    const broken = samples.map(([time, value]): [number, number | 'NaN'] => [time, time === T + 10 ? 'NaN' : value])
    const readings = await read([requests('c', '200', broken), steady('b', 4)], 3)
    expect(readings[0]?.missing).toContain('NaN')
    expect(cellsOf(readings)).toEqual([undefined, [15, 60, 0, 0], [15, 60, 0, 0]])
  })

  it('refuses what is no counter of whole events', async () => {
    const rate = requests(
      'c',
      '200',
      scraped(T - 60, T + 600, 5, (time) => (time - T) / 7 + 100),
    )
    const [first] = await read([rate, steady('b', 4)], 1)
    expect(first).toMatchObject({ cells: {}, missing: expect.stringContaining('no count of whole events') as string })
  })

  it('refuses two replicas that answer at once, and names the label', async () => {
    const twice = ['a', 'b'].map((replica) => ({
      ...steady('c', 1),
      labels: { ...steady('c', 1).labels, prometheus_replica: replica },
    }))
    const [first] = await read([...twice, steady('b', 4)], 1)
    expect(first?.missing).toContain('prometheus_replica')
    expect(first?.cells).toEqual({})
  })

  it('refuses series without a response code, and names the label', async () => {
    const { response_code: _code, ...labels } = steady('c', 1).labels
    const [first] = await read([{ ...steady('c', 1), labels }, steady('b', 4)], 1)
    expect(first?.missing).toContain('response_code')
  })

  it('adds nothing for a dead pod after its last sample, and says once that there is a gap', async () => {
    const dying = requests(
      'c',
      '200',
      scraped(T - 60, T + 22, 5, (time) => time - T + 100),
      { instance: 'dying' },
    )
    const readings = await read([steady('c', 1), steady('b', 4), dying], 4)
    expect(readings.map(({ t0, t1, gap }) => [t0 - T, t1 - T, gap])).toEqual([
      [0, 15, undefined],
      [15, 30, undefined],
      [30, 75, true],
      [75, 90, undefined],
    ])
    expect(cellsOf(readings)).toEqual([
      [30, 60, 0, 0],
      [20, 60, 0, 0],
      [45, 180, 0, 0],
      [15, 60, 0, 0],
    ])
  })

  it('waits a row for a target that missed a scrape', async () => {
    const slow = scraped(T - 60, T + 600, 20, (time) => time - T + 100)
    const readings = await read([requests('c', '200', slow), requests('b', '200', slow)], 2)
    expect(readings.map(({ t0, t1, gap }) => [t0 - T, t1 - T, gap])).toEqual([
      [0, 30, undefined],
      [30, 45, undefined],
    ])
    expect(cellsOf(readings)).toEqual([
      [20, 20, 0, 0],
      [20, 20, 0, 0],
    ])
  })
})
