import { array, assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check'
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

type Standing = { phase?: Phase; sinceMs?: number; weight?: number; labels?: Record<string, string> }

/** `phase` since then, relative to now; nothing is under way where there is none. */
function rollout(key: string, { phase, sinceMs = -HOUR_MS, weight = 0, labels = {} }: Standing = {}): Candidate {
  const [namespace = '', name = ''] = key.split('/')
  const conditions = phase ? releaseConditions({ phase, message: '', generation: 1, at: NOW + sinceMs }) : []
  return { metadata: { namespace, name, labels }, status: { conditions, weight } }
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
})
