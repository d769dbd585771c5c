import { describe, expect, it } from 'vitest'
import { S1_STEPS } from '../../bench/evidence/fixed.ts'
import type { Line, Published } from '../../bench/evidence/line.ts'
import { printed } from '../../bench/evidence/notation.ts'
import { figuresOf } from '../../bench/evidence/published.ts'
import { play, type Ending, type Scene } from '../../bench/evidence/scene.ts'
import { CALM } from '../../bench/evidence/weather.ts'

const scene: Scene = {
  kind: 'fixed',
  name: 'test',
  runs: 1,
  world: { rps: 100, share: 0.002, ratio: 1, schedule: S1_STEPS, climate: CALM },
  judges: [
    { kind: 'sluice', rho0: 1, slots: 4, thresholds: { sluice: 100, eager: 10 } },
    { kind: 'pooled' },
    { kind: 'flagger' },
  ],
}

const line = (published: Published): Line => ({
  key: 'test',
  what: '',
  who: '',
  scene,
  rule: 'sluice',
  about: 'rolledBack',
  grain: 15,
  published,
})

/** So many of a hundred are stopped, at that time. */
const endings = (stopped: number, seconds = 200): Ending[] =>
  Array.from({ length: 100 }, (_, i) => ({ end: i < stopped ? 'rolledBack' : 'promoted', seconds, failed: 10 }))

const offOf = (published: string, some: Ending[], of = 10_000): string[] =>
  figuresOf(line({ of, ...printed(published) }), some).flatMap(({ unit, isOff }) => (isOff ? [unit] : []))

describe('a figure beside the published one', () => {
  it('is read as the table prints it', () => {
    expect(printed('99.7 %, 435 s, p90 915 s, 102')).toEqual({ share: '99.7', seconds: 435, p90: 915, failed: 102 })
    expect(printed('≤ 0.1 %')).toEqual({ share: '≤ 0.1' })
    expect(printed('')).toEqual({})
    expect(() => printed('many')).toThrow(RangeError)
  })

  it('is off where a share lies outside what chance allows on both sides', () => {
    expect(offOf('50 %', endings(60))).toEqual([])
    expect(offOf('50 %', endings(65))).toEqual(['share'])
    expect(offOf('50 %', endings(65), 50)).toEqual([])
    expect(offOf('61–78 %', endings(88))).toEqual([])
    expect(offOf('61–78 %', endings(40))).toEqual(['share'])
    expect(offOf('≤ 0.1 %', endings(0))).toEqual([])
    expect(offOf('≤ 0.1 %', endings(6))).toEqual(['share'])
  })

  it('is off where a time differs by more than a tenth, or one look', () => {
    expect(offOf('220 s', endings(50))).toEqual([])
    expect(offOf('230 s', endings(50))).toEqual(['seconds'])
    expect(offOf('15 s', endings(50, 30))).toEqual([])
    expect(offOf('15 s', endings(50, 45))).toEqual(['seconds'])
    expect(offOf('15 s', endings(0))).toEqual(['seconds'])
  })

  it('is off where the cost differs by more than a tenth, or one request', () => {
    expect(offOf('11', endings(50))).toEqual([])
    expect(offOf('12', endings(50))).toEqual(['failed'])
  })
})

describe('a played release', () => {
  it('is the same for the same seed and number, and no other', () => {
    expect(play(scene, 1, 7)).toEqual(play(scene, 1, 7))
    const others = Array.from({ length: 20 }, (_, run) => play(scene, 1, run).sluice?.failed)
    expect(new Set(others).size).toBeGreaterThan(10)
  })

  it('is stopped at once, and by everybody in the end, where the canary fails everything', () => {
    const broken: Scene = { ...scene, world: { ...scene.world, ratio: Infinity } }
    const ends = play(broken, 1, 1)
    expect(ends.sluice).toMatchObject({ end: 'rolledBack', seconds: 15 })
    expect(ends.flagger).toMatchObject({ end: 'rolledBack', seconds: 300 })
  })

  it('climbs a ramp to its end when it is good, and not while nobody answers', () => {
    const world = { rps: 1_000, share: 0.001, ratio: 1, climate: CALM, promoteRatio: 2 }
    const good = play({ kind: 'ramp', name: 'test', runs: 1, world }, 1, 1).ramp
    expect(good).toMatchObject({ end: 'promoted', blind: 0 })
    const blind = { ...world, silence: { rows: 480, within: 1 } }
    expect(play({ kind: 'ramp', name: 'test', runs: 1, world: blind }, 1, 1).ramp).toMatchObject({
      end: 'open',
      blind: 0,
    })
  })
})
