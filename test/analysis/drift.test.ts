import { array, assert, integer, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binomial, poisson, seeded, type Random } from '../../analysis/draw/index.ts'
import type { Row } from '../../analysis/index.ts'
import { preferenceOf } from '../../analysis/preference.ts'
import { T } from './shop.ts'

const METRIC = 'orders'
const ROWS = 120

/** How a day goes: of t in [0, 1), and of chance. Rows of an `early` stage, before the test, have `t` 0 and a split of their own. */
type Day = {
  split: (t: number) => number
  rate: (t: number) => number
  /** B's chance to convert as a multiple of A's, and users per row. */
  lift?: number
  users?: number
  /** Rows from coming to converting. */
  later?: (random: Random) => number
  early?: { rows: number; split: number }
}

const steady = (value: number) => (): number => value
const from = (morning: number, evening: number) => (t: number) => morning + (evening - morning) * t
const soon = (rows: number) => (random: Random) => Math.floor(-rows * Math.log(1 - random()))

describe('two revisions alike are told apart in at most five of a hundred tests', () => {
  it.each<[string, Day]>([
    ['while split and rate are steady', { split: steady(0.5), rate: steady(0.1) }],
    ['while the split drifts', { split: from(0.3, 0.7), rate: steady(0.1) }],
    ['while the rate drifts', { split: steady(0.5), rate: from(0.05, 0.2) }],
    ['while both drift', { split: from(0.3, 0.7), rate: from(0.05, 0.2) }],
    ['while both drift, one up and one down', { split: from(0.3, 0.7), rate: from(0.2, 0.05) }],
    [
      'while both drift, and users convert minutes later',
      { split: from(0.3, 0.7), rate: from(0.2, 0.05), later: soon(12) },
    ],
    ['while the split jumps', { split: (t) => (t < 0.5 ? 0.3 : 0.7), rate: steady(0.15), later: soon(8) }],
    ['while few come', { split: from(0.3, 0.7), rate: from(0.05, 0.2), users: 4 }],
    [
      'after a stage with another split, whose users convert now',
      { split: steady(0.5), rate: steady(0.1), later: soon(12), early: { rows: 40, split: 0.05 } },
    ],
    ['where everybody converts', { split: from(0.3, 0.7), rate: steady(1) }],
  ])('%s', (_, day) => {
    const tests = 60
    const found = Array.from({ length: tests }, (__, seed) => preferenceOf(rowsOf(day, seed), METRIC, T))
    expect(found.filter((one) => one?.winner !== undefined).length / tests).toBeLessThanOrEqual(0.05)
    const covering = found.slice(0, 20).map((one) => one!.ratio())
    expect(covering.filter(({ lower, upper }) => lower <= 1 && 1 <= upper)).toHaveLength(20)
  })
})

describe('a revision that is better', () => {
  it('is found where the totals say the opposite', () => {
    const day = { split: from(0.2, 0.8), rate: from(0.3, 0.05), lift: 1.25, users: 400 }
    const found = preferenceOf(rowsOf(day, 1), METRIC, T)!
    const [nb, na, xb, xa] = found.total
    expect(xb / nb).toBeLessThan(xa / na)
    expect(found.winner).toBe('b')
    const { mle, lower, upper } = found.ratio()
    expect(lower).toBeGreaterThan(1)
    expect(upper).toBeGreaterThan(1.25)
    expect(mle).toBeCloseTo(1.25, 1)
  })

  it.each([
    ['B', 1.5, 'b'],
    ['A', 0.6, 'a'],
  ])('is found though split and rate drift: %s', (_, lift, winner) => {
    const day = { split: from(0.3, 0.7), rate: from(0.2, 0.05), lift, later: soon(4) }
    const winners = Array.from({ length: 10 }, (__, seed) => preferenceOf(rowsOf(day, seed), METRIC, T)?.winner)
    expect(winners).toEqual(winners.map(() => winner))
  })
})

describe('where every user of both revisions converts', () => {
  it('there is no evidence at all, however they are split', () => {
    const arm = integer({ min: 10, max: 500 })
    assert(
      property(array(tuple(arm, arm), { minLength: 1, maxLength: 40 }), (split) => {
        const rows = split.map(([nb, na], index) => at(index, [nb, na, nb, na]))
        expect(preferenceOf(rows, METRIC, T)!.lnE).toBeLessThanOrEqual(1e-9)
      }),
    )
  })
})

function rowsOf({ split, rate, lift = 1, users = 100, later, early }: Day, seed: number): Row[] {
  const random = seeded(seed)
  const before = early?.rows ?? 0
  const cells = Array.from({ length: before + ROWS }, (): [number, number, number, number] => [0, 0, 0, 0])
  for (const [index, cell] of cells.entries()) {
    const t = Math.max(0, (index - before) / ROWS)
    const came = poisson(random, users)
    const nb = binomial(random, came, index < before ? (early?.split ?? 0) : split(t))
    cell[0] += nb
    cell[1] += came - nb
    const convert = (arm: 2 | 3, count: number, chance: number): void => {
      for (let left = binomial(random, count, Math.min(1, chance)); left > 0; left--) {
        const then = cells[index + (later?.(random) ?? 0)]
        if (then) then[arm] += 1
      }
    }
    convert(2, nb, lift * rate(t))
    convert(3, came - nb, rate(t))
  }
  return cells.map((cell, index) => at(index - before, cell))
}

const at = (index: number, users: [number, number, number, number]): Row => ({
  t0: T + index * 15,
  t1: T + (index + 1) * 15,
  weight: 50,
  slot: 0,
  ready: 2,
  cells: {},
  users: { [METRIC]: users },
})
