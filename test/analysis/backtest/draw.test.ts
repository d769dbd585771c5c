import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grainOf, openCells, partsOf } from '../../../analysis/backtest/draw.ts'
import type { Moment } from '../../../analysis/backtest/index.ts'
import { seeded } from '../../../analysis/draw/index.ts'
import { policy } from '../shop.ts'

const moment: fc.Arbitrary<Moment> = fc
  .tuple(fc.nat(5_000), fc.nat(100), fc.tuple(fc.nat(3_000), fc.nat(200), fc.nat(20)))
  .map(([good, x, classes]) => ({ n: good + x, x, classes }))

const total = (moments: (Moment | undefined)[]): (number | undefined)[] =>
  moments.reduce<number[]>(
    (sum, part) => [part?.n, part?.x, ...(part?.classes ?? [])].map((count, i) => (sum[i] ?? 0) + (count ?? 0)),
    [],
  )

describe('a step of the past', () => {
  it('is divided into rows without inventing or losing an event', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 60 }), fc.integer(), (step, parts, seed) => {
        const history = { step: 60, from: 0, boundaries: [100, 250], moments: [step] }
        const grain = { seconds: 60 / parts, partsPerStep: parts, stepsPerPart: 1 }
        const drawn = partsOf(history, 0, grain, seeded(seed))
        const some = Array.from({ length: parts }, () => drawn.next().value as Moment)
        expect(total(some)).toEqual(total([step]))
      }),
    )
  })

  it('is dealt out to canary and stable without inventing or losing an event', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 99 }), fc.integer(), (step, weight, seed) => {
        const metrics = [
          { name: 'errors', kind: 'requests' as const },
          { name: 'latency', kind: 'latency' as const, slowerThanMs: 100, boundariesMs: [100, 250] },
        ]
        const history = { step: 60, from: 0, boundaries: [100, 250], moments: [step] }
        const chance = { parts: seeded(seed, 1), arms: seeded(seed, 2), harm: seeded(seed, 3) }
        const harm = { label: 'identical', share: 0 }
        const cells = openCells({ policy: policy({ metrics }), history, target: { metric: 'errors' }, harm, chance })
        const { errors = [], 'latency:100': slow = [], 'latency:250': slower = [] } = cells(step, weight)
        const [fast = 0, late = 0, last = 0] = step.classes
        const sums = ([nc = 0, nb = 0, xc = 0, xb = 0]: number[]): number[] => [nc + nb, xc + xb]
        expect(sums(errors)).toEqual([step.n, step.x])
        expect(sums(slow)).toEqual([fast + late + last, late + last])
        expect(sums(slower)).toEqual([fast + late + last, last])
      }),
    )
  })

  it('makes rows as near to the interval as it can', () => {
    expect(grainOf({ step: 60 }, 15)).toEqual({ seconds: 15, partsPerStep: 4, stepsPerPart: 1 })
    expect(grainOf({ step: 60 }, 7)).toMatchObject({ partsPerStep: 9 })
    expect(grainOf({ step: 60 }, 300)).toEqual({ seconds: 300, partsPerStep: 1, stepsPerPart: 5 })
  })
})
