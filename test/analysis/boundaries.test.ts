import { array, assert, double, integer, property, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watchedBoundaries } from '../../analysis/boundaries.ts'

const ISTIO = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]
/** Exceedances of a service with a median of 40 ms, as in analysis.md 13. */
const SLOWER = new Map([
  [10, 0.96],
  [25, 0.72],
  [50, 0.39],
  [100, 0.13],
  [250, 0.011],
  [500, 8e-4],
  [1_000, 2.9e-5],
])
const watched = (slowerThanMs: number, most = 60, slower = SLOWER): number[] =>
  watchedBoundaries({ slowerThanMs, existing: ISTIO, slowerShare: (boundary) => slower.get(boundary) ?? 0, most })

describe('the boundaries that a latency metric watches', () => {
  it('are the declared one, those that tell something, and two above', () => {
    expect(watched(250)).toEqual([25, 50, 100, 250, 500, 1_000, 2_500])
  })

  it('have the declared one moved up to the next that exists', () => {
    expect(watched(4_000)).toEqual([25, 50, 100, 250, 500, 1_000, 2_500, 5_000])
    expect(watched(4_000, 60, new Map())).toEqual([5_000])
    expect(watched(20_000)).toEqual([])
  })

  it('are no more than there is room for, the declared one always among them', () => {
    expect(watched(25, 3)).toEqual([25, 1_000, 2_500])
    expect(watched(25, 1)).toEqual([25])
  })

  it('are rising, exist, and one of them is what was declared or the next above', () => {
    const share = double({ min: 0, max: 1, noNaN: true })
    assert(
      property(
        uniqueArray(integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 20 }),
        integer({ min: 1, max: 60_000 }),
        array(share, { minLength: 20, maxLength: 20 }),
        integer({ min: 1, max: 20 }),
        (existing, slowerThanMs, shares, most) => {
          const slowerShare = (boundary: number): number | undefined => shares[existing.indexOf(boundary)]
          const found = watchedBoundaries({ slowerThanMs, existing, slowerShare, most })
          const declared = Math.min(...existing.filter((boundary) => boundary >= slowerThanMs))
          expect(found.length).toBeLessThanOrEqual(most)
          expect(found).toEqual(found.toSorted((a, b) => a - b))
          expect(existing).toEqual(expect.arrayContaining(found))
          expect(found.includes(declared)).toBe(Number.isFinite(declared))
        },
      ),
    )
  })
})
