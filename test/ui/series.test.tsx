import { array, assert, integer, nat, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RowView } from '../../api/views.ts'
import { bucketsOf, totalOf, weightsOf, wilson } from '../../ui/charts/series.ts'

const T = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000

const row = (i: number, canary?: [number, number], weight = 25): RowView => ({
  at: T + i * 15_000,
  weight,
  metrics: canary ? { errors: { canary, stable: [300, 1] } } : {},
})

describe('the series of a release', () => {
  it('keeps every request when intervals are drawn together', () => {
    const counts = array(tuple(nat(1_000), nat(10)), { minLength: 1, maxLength: 300 })
    assert(
      property(counts, integer({ min: 1, max: 60 }), (all, most) => {
        const buckets = bucketsOf(
          all.map(([n, x], i) => row(i, [n, x])),
          most,
        )
        expect(buckets.length).toBeLessThanOrEqual(most)
        expect(totalOf(buckets, 'errors')?.canary).toEqual([
          all.reduce((sum, [n]) => sum + n, 0),
          all.reduce((sum, [, x]) => sum + x, 0),
        ])
      }),
    )
  })

  it('leaves a metric out of an interval that has no data of it', () => {
    const buckets = bucketsOf([row(0, [100, 0]), row(1), row(2, [100, 2])], 10)
    expect(buckets.map(({ metrics }) => metrics['errors']?.canary)).toEqual([[100, 0], undefined, [100, 2]])
  })

  it('is uncertain where requests are few', () => {
    const [, few] = wilson([10, 0])
    const [, many] = wilson([10_000, 0])
    expect(few).toBeCloseTo(0.2775, 3)
    expect(many).toBeLessThan(0.001)
  })

  it('takes the moments of weights from the timeline, and ends where the release ended', () => {
    const told = (minutes: number, weight: number) => ({
      at: new Date(T + minutes * MINUTE).toISOString(),
      event: 'WeightSet',
      message: `Release 3: ${weight} % of the traffic goes to revision 3f9a1c2b7d`,
    })
    const release = {
      number: 3,
      revision: '3f9a1c2b7d',
      startedAt: new Date(T).toISOString(),
      endedAt: new Date(T + 9 * MINUTE).toISOString(),
      outcome: 'RolledBack' as const,
      stepIndex: 2,
      weight: 0,
      timeline: [told(1, 5), told(4, 25)],
      rows: [],
      provenance: { images: [] },
    }
    const points = weightsOf(release, T + 60 * MINUTE)
    expect(points.map(({ at, weight }) => [(at - T) / MINUTE, weight])).toEqual([
      [0, 0],
      [1, 5],
      [4, 25],
      [9, 0],
    ])
  })
})
