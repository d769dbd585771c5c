import { describe, expect, it } from 'vitest'
import { harmsOf, outcomesOf, summaryOf, targetOf, type Harm, type Setting } from '../../../analysis/backtest/index.ts'
import type { Plan } from '../../../crds/plan.ts'
import { policy } from '../shop.ts'
import { pastOf, settingOf } from './past.ts'

const identical: Harm = { label: 'identical', share: 0 }
const broken: Harm = { label: '100 %', share: 1 }
const replays = (
  setting: Setting,
  harm: Harm,
  to: number,
  rule: 'sluice' | 'flagger' | 'argo' | 'kayenta' = 'sluice',
) => outcomesOf(setting, { rule, harm, from: 0, to })

describe('a replay', () => {
  it('promotes the same version again in the time of its plan, in good weather and in bad', () => {
    const { promoted, rolledBack, secondsToPromote } = summaryOf(replays(settingOf(), identical, 100))
    expect(rolledBack.count).toBe(0)
    expect(promoted.count).toBe(100)
    expect(secondsToPromote).toMatchObject({ median: 900, p90: 900 })
  })

  it('finds a canary that fails everything in its first row, whatever the seed', () => {
    for (const seed of [1, 2]) {
      const { rolledBack, secondsToRollback } = summaryOf(replays(settingOf({ seed }), broken, 20))
      expect(rolledBack.count).toBe(20)
      expect(secondsToRollback?.p90).toBe(15)
    }
  })

  it('finds more harm sooner and with fewer failed requests', () => {
    const setting = settingOf()
    const harms = harmsOf([{ times: 5 }, { times: 20 }], setting.history, setting.target)
    const [some, much] = harms.map((harm) => summaryOf(replays(setting, harm, 40)))
    expect(some?.rolledBack.share).toBeGreaterThan(0.9)
    expect(much?.rolledBack.share).toBe(1)
    expect(much?.secondsToRollback?.median).toBeLessThan(some?.secondsToRollback?.median ?? 0)
    expect(much?.failed.mean).toBeLessThan(some?.failed.mean ?? 0)
  })

  it('comes out the same however it is divided among threads, and otherwise with another seed', () => {
    const setting = settingOf()
    const [harm] = harmsOf([{ times: 3 }], setting.history, setting.target)
    if (!harm) throw new Error('no harm')
    const whole = replays(setting, harm, 12)
    const parts = [0, 5].map((from) => outcomesOf(setting, { rule: 'sluice', harm, from, to: from === 0 ? 5 : 12 }))
    expect(parts.flat()).toEqual(whole)
    expect(replays({ ...setting, seed: 2 }, harm, 12)).not.toEqual(whole)
  })

  it('climbs a ramp by evidence, up to its end', () => {
    const plan: Plan = { steps: [{ kind: 'ramp', ladder: [1, 5, 25, 50] }] }
    const setting = settingOf({ plan }, { ramp: { ladder: [1, 5, 25, 50], dwell: 0 } })
    const { promoted, secondsToPromote } = summaryOf(replays(setting, identical, 20))
    expect(promoted.count).toBe(20)
    expect(secondsToPromote?.median).toBeGreaterThan(90)
    expect(summaryOf(replays(setting, broken, 20)).rolledBack.count).toBe(20)
  })

  it('bakes an identical version without a rollback, although stable is the small arm and often has nothing bad', () => {
    const plan: Plan = {
      steps: [
        { kind: 'setWeight', weight: 95 },
        { kind: 'bake', forMs: 600_000 },
      ],
    }
    expect(summaryOf(replays(settingOf({ plan }), identical, 100)).rolledBack.count).toBe(0)
  })

  it('goes through gates and endless pauses at once, and through the others by the clock', () => {
    const plan: Plan = {
      steps: [
        { kind: 'pause', forMs: 60_000 },
        { kind: 'setWeight', weight: 25 },
        { kind: 'approve', name: 'go', expiresAfterMs: 1 },
        { kind: 'pause' },
        { kind: 'pause', forMs: 45_000 },
      ],
    }
    expect(replays(settingOf({ plan }), identical, 3).map(({ seconds }) => seconds)).toEqual([45, 45, 45])
  })

  it('holds where nothing is known of the past, and goes on after', () => {
    const history = pastOf(6_000)
    history.moments = history.moments.map((moment, i) => (i % 2 === 0 ? moment : undefined))
    const { promoted, secondsToPromote } = summaryOf(replays(settingOf({ history }), identical, 20))
    expect(promoted.count).toBe(20)
    expect(secondsToPromote?.median).toBeGreaterThan(1_500)
  })

  it('asks a person when the traffic is too thin for a step to end', () => {
    const { undecided } = summaryOf(replays(settingOf({ history: pastOf(2) }, { deadline: 600 }), identical, 10))
    expect(undecided.count).toBe(10)
  })

  it('finds slow requests by their latency', () => {
    const metrics = [{ name: 'latency', kind: 'latency' as const, slowerThanMs: 250, boundariesMs: [250, 1_000] }]
    const setting = settingOf({ target: targetOf({ metrics }) }, { metrics })
    expect(setting.target).toEqual({ metric: 'latency', boundary: 250 })
    expect(summaryOf(replays(setting, identical, 40)).rolledBack.count).toBe(0)
    expect(summaryOf(replays(setting, { label: '5 %', share: 0.05 }, 20)).rolledBack.count).toBe(20)
  })

  it('leaves own counters silent with their share of the evidence, and leaves gauges out', () => {
    const { metrics } = policy()
    const more = policy({
      metrics: [
        ...metrics,
        { name: 'carts', kind: 'counters', total: 't', bad: 'b' },
        { name: 'queue', kind: 'gauge', query: 'q', bounds: { max: 1 }, advisory: false },
      ],
    })
    const setting = settingOf({ policy: more })
    const [harm] = harmsOf([{ times: 5 }], setting.history, setting.target)
    if (!harm) throw new Error('no harm')
    const alone = summaryOf(replays(settingOf(), harm, 20))
    const shared = summaryOf(replays(setting, harm, 20))
    expect(shared.rolledBack.share).toBeGreaterThan(0.9)
    expect(shared.secondsToRollback?.median).toBeGreaterThanOrEqual(alone.secondsToRollback?.median ?? Infinity)
  })
})

describe('rules of other tools', () => {
  it('decide about the same releases, by the clock', () => {
    const outcomes = (['flagger', 'argo', 'kayenta'] as const).map((rule) =>
      summaryOf(replays(settingOf(), broken, 10, rule)),
    )
    expect(outcomes.map(({ rolledBack }) => rolledBack.count)).toEqual([10, 10, 10])
    expect(outcomes.map(({ secondsToRollback }) => secondsToRollback?.median)).toEqual([300, 240, 600])
  })

  it('start where ours starts: what both let through has cost the same', () => {
    const ours = replays(settingOf(), identical, 10)
    const theirs = replays(settingOf(), identical, 10, 'flagger')
    expect(theirs.map(({ failed }) => failed)).toEqual(ours.map(({ failed }) => failed))
  })
})

describe('levels of harm', () => {
  it('are times as bad as the past was, or a share of the good requests', () => {
    const history = pastOf(6_000)
    const [none, fivefold, tenth] = harmsOf([{ share: 0 }, { times: 5 }, { share: 0.1 }], history, { metric: 'errors' })
    const { x, n } = history.moments.reduce(
      (sum, moment) => ({ x: sum.x + (moment?.x ?? 0), n: sum.n + (moment?.n ?? 0) }),
      { x: 0, n: 0 },
    )
    const p = x / n
    expect(none).toEqual({ label: 'identical', share: 0 })
    expect(p + (1 - p) * (fivefold?.share ?? 0)).toBeCloseTo(5 * p, 12)
    expect(tenth).toEqual({ label: '10 %', share: 0.1 })
  })

  it('are refused where a multiple of nothing is asked for, and where nothing can be harmed', () => {
    expect(() => harmsOf([{ times: 2 }], pastOf(100, 0), { metric: 'errors' })).toThrow('write a share, for example 1%')
    expect(() => targetOf({ metrics: [] })).toThrow('only metrics of requests and latency can be replayed')
    expect(() => targetOf(policy(), 'cart')).toThrow('there is no metric cart that can be harmed; there are errors')
  })
})
