import { array, assert, boolean, constantFrom, integer, property, record, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { releaseConditions, type Phase } from '../../crds/conditions.ts'
import { heldBy, isLimited, type Candidate } from '../../crds/freezing.ts'
import { FREEZE } from '../../crds/names.ts'
import type { Freeze, FreezeSpec } from '../../crds/schema/freeze.ts'

const NOW = Date.parse('2027-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

const freeze = (name: string, spec: Partial<FreezeSpec> = {}): Freeze => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Freeze',
  metadata: { name },
  spec: { reason: 'stocktaking', ...spec },
})

type Standing = {
  phase?: Phase
  sinceMs?: number
  /** When it was first said to be Queued; with `sinceMs` where nothing else was said before. */
  queuedMs?: number
  weight?: number
  labels?: Record<string, string>
  pausedBy?: string
}

/** `phase` since then, relative to now; nothing is under way where there is none. */
function rollout(key: string, standing: Standing = {}): Candidate {
  const { phase, sinceMs = -HOUR_MS, queuedMs = sinceMs, weight = 0, labels = {}, pausedBy } = standing
  const [namespace = '', name = ''] = key.split('/')
  const conditions = phase ? releaseConditions({ phase, message: '', generation: 1, at: NOW + sinceMs }) : []
  const queued = phase === 'Queued' ? { queuedAt: new Date(NOW + queuedMs).toISOString() } : {}
  const paused = pausedBy === undefined ? {} : { pausedBy }
  return { metadata: { namespace, name, labels }, status: { conditions, weight, ...queued, ...paused } }
}

const around = (freezes: Freeze[], rollouts: Candidate[] = [], note?: string) => ({
  freezes,
  rollouts,
  namespace: note === undefined ? {} : { annotations: { [FREEZE]: note } },
  now: NOW,
})

describe('a Freeze', () => {
  it('says who it is, until when, and why', () => {
    const until = '2027-01-07T06:00:00Z'
    expect(heldBy(rollout('shop/a'), around([freeze('winter', { until })]))).toEqual({
      phase: 'Frozen',
      sentence: `Frozen by Freeze winter until ${until}: stocktaking`,
      untilMs: Date.parse(until),
    })
  })

  it('without an end lasts until it is taken away', () => {
    expect(heldBy(rollout('shop/a'), around([freeze('winter')]))).toEqual({
      phase: 'Frozen',
      sentence: 'Frozen by Freeze winter until that is taken away: stocktaking',
    })
  })

  it('holds nobody once it is over', () => {
    expect(heldBy(rollout('shop/a'), around([freeze('winter', { until: '2026-12-31T23:59:59Z' })]))).toBeUndefined()
  })

  it('of several the one that lasts longest is said', () => {
    const freezes = [
      freeze('short', { until: '2027-01-02T00:00:00Z' }),
      freeze('long', { until: '2027-02-01T00:00:00Z' }),
    ]
    expect(heldBy(rollout('shop/a'), around(freezes))?.sentence).toContain('Freeze long')
  })

  it.for<[string, Partial<FreezeSpec>, boolean]>([
    ['other namespaces', { namespaces: ['till'] }, false],
    ['this namespace among others', { namespaces: ['till', 'shop'] }, true],
    ['a label that it has', { selector: { matchLabels: { tier: 'front' } } }, true],
    ['a label that it has not', { selector: { matchLabels: { tier: 'back' } } }, false],
    [
      'one of some values',
      { selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] } },
      true,
    ],
    [
      'none of some values',
      { selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] } },
      false,
    ],
    ['the presence of a label', { selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } }, true],
    ['the absence of a label', { selector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } }, false],
    [
      'a namespace and a label, of which one is missing',
      { namespaces: ['till'], selector: { matchLabels: { tier: 'front' } } },
      false,
    ],
  ])('covers by %s', ([, spec, isHeld]) => {
    const candidate = rollout('shop/a', { labels: { tier: 'front' } })
    expect(heldBy(candidate, around([freeze('some', spec)])) !== undefined).toBe(isHeld)
  })
})

describe('the annotation of a namespace', () => {
  it.for([
    ['2027-01-07T06:00:00Z inventory', 'until 2027-01-07T06:00:00Z: inventory'],
    ['2027-01-07T06:00:00+01:00', 'until 2027-01-07T06:00:00+01:00'],
    ['2027-01-07', 'until 2027-01-07'],
    ['inventory', 'until that is taken away: inventory'],
    ['', 'until that is taken away'],
    ['2027-99-99 inventory', 'until that is taken away: 2027-99-99 inventory'],
  ])('%s holds %s', ([note, words]) => {
    const held = heldBy(rollout('shop/a'), around([], [], note))
    expect(held?.sentence).toBe(`Frozen by annotation ${FREEZE} of the namespace ${words}`)
  })

  it.for(['false', '2026-12-31T00:00:00Z over'])('%s holds nobody', (note) => {
    expect(heldBy(rollout('shop/a'), around([], [], note))).toBeUndefined()
  })
})

describe('a limit', () => {
  const one = freeze('one', { atOnce: { perNamespace: 1 } })
  const waiting = (key: string, sinceMs = -HOUR_MS) => rollout(key, { phase: 'Queued', sinceMs })

  it('lets nobody pass who does not stand in line yet, and says when to look again', () => {
    expect(heldBy(rollout('shop/a'), around([one]))).toMatchObject({ phase: 'Queued', untilMs: NOW + 2_000 })
    expect(heldBy(waiting('shop/a', -1_000), around([one]))).toMatchObject({ untilMs: NOW + 1_000 })
    expect(heldBy(waiting('shop/a', -2_000), around([one]))).toBeUndefined()
  })

  it('keeps whoever is not the first in line while there is no place, and says how many are ahead', () => {
    const all = [rollout('shop/going', { phase: 'Analysing' }), waiting('shop/b', -3 * HOUR_MS), waiting('shop/a')]
    expect(heldBy(all[2]!, around([one], all))?.sentence).toBe(
      'a waits for its turn: Freeze one lets 1 at once in a namespace be released (stocktaking); 1 is ahead of it',
    )
    expect(heldBy(all[1]!, around([one], all))?.sentence).toContain('it is the next in line')
  })

  it('does not concern a release under way, nor other namespaces', () => {
    const all = [
      rollout('shop/going', { phase: 'Analysing' }),
      rollout('shop/also', { phase: 'Paused' }),
      waiting('till/a'),
    ]
    expect(all.map((each) => heldBy(each, around([one], all)))).toEqual([undefined, undefined, undefined])
  })

  it('leaves the place of a release that made way to whom it made way for', () => {
    const successor = rollout('shop/a', { phase: 'Superseded', sinceMs: -5 * HOUR_MS })
    const all = [successor, waiting('shop/b')]
    expect(heldBy(all[1]!, around([one], all))).toBeUndefined()
    const queued = rollout('shop/a', { phase: 'Queued', sinceMs: -5 * HOUR_MS })
    expect(heldBy(queued, around([one], [queued, all[1]!]))).toBeUndefined()
    expect(heldBy(all[1]!, around([one], [queued, all[1]!]))).toMatchObject({ phase: 'Queued' })
  })

  it.for<Phase>(['Frozen', 'Superseded'])('lets nobody pass who was %s before it is seen in line', (before) => {
    const total = freeze('one', { atOnce: { total: 1 } })
    const a = rollout('shop/a', { phase: 'Queued', sinceMs: -5 * HOUR_MS, queuedMs: -1_000 })
    const b = rollout('till/b', { phase: 'Queued', sinceMs: -4 * HOUR_MS, queuedMs: -500 })
    const notYet = (key: string) => rollout(key, { phase: before, sinceMs: -5 * HOUR_MS })
    expect(heldBy(a, around([total], [a, notYet('till/b')]))).toMatchObject({ phase: 'Queued', untilMs: NOW + 1_000 })
    expect(heldBy(b, around([total], [notYet('shop/a'), b]))).toMatchObject({ phase: 'Queued', untilMs: NOW + 1_500 })
    const later = { ...around([total], [a, b]), now: NOW + 2_000 }
    expect(heldBy(a, later)).toBeUndefined()
    expect(heldBy(b, later)?.sentence).toContain('1 is ahead of it')
  })

  it.for<[string, Standing]>([
    ['is frozen', { phase: 'Frozen' }],
    ['is suspended', { phase: 'Suspended' }],
    ['a person paused', { phase: 'Paused', pausedBy: 'anna' }],
  ])('keeps no place for a release without requests that %s, which stands in line again afterwards', ([, standing]) => {
    const stopped = rollout('shop/a', { sinceMs: -5 * HOUR_MS, ...standing })
    const next = waiting('shop/b')
    expect(heldBy(next, around([one], [stopped, next]))).toBeUndefined()
    expect(heldBy(stopped, around([one], [stopped, next]))).toMatchObject({ phase: 'Queued' })
    const serving = rollout('shop/a', { ...standing, weight: 20 })
    expect(heldBy(next, around([one], [serving, next]))).toMatchObject({ phase: 'Queued' })
    expect(heldBy(serving, around([one], [serving, next]))).toBeUndefined()
  })

  it('keeps the place of a release that pauses by its own plan', () => {
    const all = [rollout('shop/a', { phase: 'Paused' }), waiting('shop/b')]
    expect(heldBy(all[0]!, around([one], all))).toBeUndefined()
    expect(heldBy(all[1]!, around([one], all))).toMatchObject({ phase: 'Queued' })
  })

  it('has other words for whom somebody stopped than for whom enters the line', () => {
    const stopped = heldBy(rollout('shop/a', { phase: 'Suspended' }), around([one]))
    expect(stopped?.sentence).not.toBe(heldBy(waiting('shop/a', -1_000), around([one]))?.sentence)
    expect(stopped?.untilMs).toBe(NOW + 60_000)
  })

  it('holds no place for whoever waits for another one', () => {
    const first = freeze('first', { namespaces: ['shop', 'till'], atOnce: { total: 1 } })
    const second = freeze('second', { namespaces: ['till', 'cellar'], atOnce: { total: 1 } })
    const both = waiting('till/b', -3 * HOUR_MS)
    const all = [rollout('cellar/c', { phase: 'Analysing' }), both, waiting('shop/a')]
    expect(heldBy(both, around([first, second], all))?.sentence).toContain('Freeze second')
    expect(heldBy(all[2]!, around([first, second], all))).toBeUndefined()
    const over = freeze('over', { ...second.spec, until: '2026-12-31T00:00:00Z' })
    expect(heldBy(all[2]!, around([first, over], all))?.sentence).toContain('Freeze first')
  })

  it('counts ahead only whom it covers', () => {
    const all = [rollout('shop/c', { phase: 'Analysing' }), waiting('till/b', -3 * HOUR_MS), waiting('shop/a')]
    const shop = freeze('shop', { namespaces: ['shop'], atOnce: { total: 1 } })
    const none = freeze('till', { namespaces: ['till', 'shop'], atOnce: { total: 2 } })
    expect(heldBy(all[2]!, around([shop, none], all))?.sentence).toContain('it is the next in line')
  })

  it('is asked of all only by whom it covers', () => {
    expect(isLimited(rollout('shop/a'), [one])).toBe(true)
    expect(
      isLimited(rollout('shop/a'), [freeze('stop'), freeze('till', { namespaces: ['till'], atOnce: { total: 1 } })]),
    ).toBe(false)
  })

  it('is never exceeded, and never leaves a place empty, whoever looks', () => {
    const names = uniqueArray(constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1', 'c/2', 'c/3'), {
      minLength: 1,
    })
    const limits = record({ perNamespace: integer({ min: 1, max: 3 }), total: integer({ min: 1, max: 5 }) })
    assert(
      property(
        names,
        limits,
        array(integer({ min: 3, max: 99 }), { minLength: 8, maxLength: 8 }),
        (keys, atOnce, ages) => {
          const all = keys.map((key, index) => waiting(key, -1_000 * (ages[index] ?? 3)))
          const passing = all.filter((each) => heldBy(each, around([freeze('few', { atOnce })], all)) === undefined)
          const inNamespace = Map.groupBy(passing, ({ metadata }) => metadata.namespace)
          expect(passing.length).toBeLessThanOrEqual(atOnce.total)
          for (const each of inNamespace.values()) expect(each.length).toBeLessThanOrEqual(atOnce.perNamespace)
          const stuck = all.filter((each) => !passing.includes(each))
          for (const { metadata } of stuck) {
            const here = inNamespace.get(metadata.namespace)?.length ?? 0
            expect(passing.length === atOnce.total || here === atOnce.perNamespace).toBe(true)
          }
        },
      ),
    )
  })

  it('and another that overlaps: none is exceeded, and nobody waits who could go and is passed over', () => {
    const keys = ['a/1', 'a/2', 'b/1', 'b/2', 'b/3', 'c/1', 'c/2']
    const standings = array(record({ age: integer({ min: 3, max: 99 }), goes: boolean() }), {
      minLength: 7,
      maxLength: 7,
    })
    const total = integer({ min: 1, max: 4 })
    assert(
      property(standings, total, total, (each, left, right) => {
        const all = keys.map((key, index) => {
          const { age = 3, goes = false } = each[index] ?? {}
          return goes ? rollout(key, { phase: 'Analysing' }) : waiting(key, -1_000 * age)
        })
        const limits = [
          freeze('left', { namespaces: ['a', 'b'], atOnce: { total: left } }),
          freeze('right', { namespaces: ['b', 'c'], atOnce: { total: right } }),
        ]
        const line = all.filter((_, index) => !each[index]?.goes)
        line.sort((x, y) => placeOf(x) - placeOf(y) || (nameOf(x) < nameOf(y) ? -1 : 1))
        const going = all.filter((candidate) => !line.includes(candidate))
        const isFull = ({ spec }: Freeze): boolean =>
          going.filter(({ metadata }) => spec.namespaces?.includes(metadata.namespace ?? '')).length >=
          (spec.atOnce?.total ?? Infinity)
        for (const next of line) {
          const concerning = limits.filter(({ spec }) => spec.namespaces?.includes(next.metadata.namespace ?? ''))
          const passes = heldBy(next, around(limits, all)) === undefined
          expect(passes).toBe(!concerning.some(isFull))
          if (passes) going.push(next)
        }
      }),
    )
  })
})

const placeOf = ({ status }: Candidate): number => Date.parse(status?.conditions?.[0]?.lastTransitionTime ?? '')
const nameOf = ({ metadata }: Candidate): string => `${metadata.namespace}/${metadata.name}`
