import { describe, expect, it } from 'vitest'
import { withBoundaries, type History } from '../../../analysis/backtest/index.ts'
import type { Metric } from '../../../crds/policy.ts'
import { policy } from '../shop.ts'

/** Thirty boundaries, and every one of them tells something. */
const boundaries = Array.from({ length: 30 }, (_, i) => 10 * (i + 1))
const history: History = {
  step: 60,
  from: 0,
  boundaries,
  moments: [{ n: 3_100, x: 0, classes: Array.from({ length: 31 }, () => 100) }],
}

const errors: Metric = { name: 'errors', kind: 'requests' }
const latency = (name: string): Metric => ({ name, kind: 'latency', slowerThanMs: 10 })
const watched = (metrics: Metric[]): number[] =>
  withBoundaries(policy({ metrics }), history).metrics.flatMap((metric) =>
    metric.kind === 'latency' ? [metric.boundariesMs?.length ?? 0] : [],
  )

describe('the boundaries of a replay', () => {
  it('are as many as a release would watch: all that tell something, as far as sixty cells go', () => {
    expect(watched([errors, latency('a')])).toEqual([30])
    expect(watched([errors, latency('a'), latency('b'), latency('c'), latency('d')])).toEqual([14, 14, 14, 14])
  })

  it('are those of the policy where it has them', () => {
    const fixed: Metric = { name: 'a', kind: 'latency', slowerThanMs: 10, boundariesMs: [20, 300] }
    expect(withBoundaries(policy({ metrics: [fixed] }), history).metrics).toEqual([fixed])
  })

  it('are missed where the history has none that is high enough', () => {
    const metrics: Metric[] = [{ name: 'a', kind: 'latency', slowerThanMs: 500 }]
    expect(() => withBoundaries(policy({ metrics }), history)).toThrow(RangeError)
  })
})
