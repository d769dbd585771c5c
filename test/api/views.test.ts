import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeEvent, Pod, Sight } from '../../api/sight.ts'
import { trimPod, trimRelease } from '../../api/sight.ts'
import { eventViews } from '../../api/view/event.ts'
import { podViews } from '../../api/view/pod.ts'
import { rolloutView } from '../../api/view/rollout.ts'
import { rowsOf, thinned } from '../../api/view/rows.ts'
import type { RowView } from '../../api/views.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { AT_THE_GATE, BEGAN, CANARY, event, ledger, pod, release, rollout, row, STABLE, type Told } from './objects.ts'

const sight = (told: Told = {}, more: Partial<Sight> = {}): Sight => ({
  rollout: rollout('shop', told),
  releases: [],
  decisions: [],
  pods: [],
  events: [],
  ...more,
})

describe('a line of the fleet', () => {
  const running = { canary: CANARY, release: 7, weight: 25 }

  it.each<[string, Told, string | undefined]>([
    ['a gate', AT_THE_GATE, 'approve'],
    ['a person who paused', { phase: 'Paused', status: { ...running, pausedBy: 'anna' } }, 'resume'],
    ['a version that was taken back', { phase: 'RolledBack', stall: 'AnalysisFailed' }, 'decide'],
    ['rest', { phase: 'Promoted' }, undefined],
    ['a Rollout that nobody has looked at', {}, undefined],
  ])('of %s says what a person has to do', (_, told, need) => {
    expect(rolloutView(sight(told)).need).toBe(need)
  })

  it('asks for a decision as long as the engine says so, whatever the evidence says meanwhile', () => {
    const silent: Told = {
      phase: 'Holding',
      message: 'No data. This has lasted 15m',
      status: { ...running, hold: 'dataDeadline' },
    }
    const needs = ['No data since 10:00', 'No data since 10:01'].map((sentence) => {
      const verdict = { verdict: 'hold', reason: 'noData', sentence } as Explanation
      return rolloutView(sight(silent, { releases: [release('shop', 7, { verdict })] })).need
    })
    expect(needs).toEqual(['decide', 'decide'])
  })

  it('keeps the facts by which the page tells what can be said', () => {
    const told: Told = { phase: 'Holding', status: { ...running, pausedBy: 'anna', hold: 'foreignEdit' } }
    expect(rolloutView(sight(told))).toMatchObject({ pausedBy: 'anna', hold: 'foreignEdit' })
  })

  it.each<[Told, string, string]>([
    [
      { phase: 'RolledBack', stall: 'AnalysisFailed', message: 'Errors 4 % against 1 %' },
      'RolledBack',
      'Errors 4 % against 1 %',
    ],
    [{ phase: 'Analysing', stall: 'EngineStuck', message: 'No worker' }, 'EngineStuck', 'No worker'],
    [{}, 'Pending', 'The engine has not looked at it yet'],
  ])('calls %j by one word and one sentence', (told, phase, message) => {
    expect(rolloutView(sight(told))).toMatchObject({ phase, message })
  })

  it('goes by what happened last', () => {
    const timeline = [{ at: new Date(BEGAN + 60_000).toISOString(), event: 'WeightSet', message: 'Weight 25 %' }]
    const view = rolloutView(sight(AT_THE_GATE, { releases: [release('shop', 7, { timeline })] }))
    expect(view.since).toBe(new Date(BEGAN + 60_000).toISOString())
  })

  it('knows images and author of an adopted Deployment from the release', () => {
    const { rollout: adopted } = sight(AT_THE_GATE)
    const { template: _, ...spec } = adopted.spec
    const view = rolloutView(
      sight(
        {},
        {
          rollout: { ...adopted, spec, metadata: { ...adopted.metadata, annotations: {} } },
          releases: [release('shop', 7)],
        },
      ),
    )
    expect(view).toMatchObject({ images: ['shop.local/checkout:1.5.0'], commit: '3f2a9c1', author: 'Ada' })
  })
})

describe('pods', () => {
  const failing: NonNullable<Pod['status']> = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      { name: 'proxy', restartCount: 1, state: {} },
      { name: 'app', restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } } },
    ],
  }
  const killed = { terminated: { reason: 'OOMKilled', exitCode: 137 } }
  it.each<[string, NonNullable<Pod['status']>, object]>([
    ['one that crashes', failing, { ready: false, restarts: 5, message: 'app: CrashLoopBackOff: back-off 40s' }],
    [
      'one that begins',
      { phase: 'Pending', containerStatuses: [{ name: 'app', state: { waiting: { reason: 'ContainerCreating' } } }] },
      { ready: false, restarts: 0, phase: 'Pending' },
    ],
    [
      'one that has no place',
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
      },
      { message: 'Unschedulable: 0/3 nodes' },
    ],
    [
      'one that was killed',
      { containerStatuses: [{ name: 'app', restartCount: 1, state: killed }] },
      { message: 'app: OOMKilled (exit code 137)' },
    ],
    [
      'one that was evicted',
      { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
      { message: 'Evicted: low on memory' },
    ],
  ])('say of %s what is wrong', (_, status, view) => {
    expect(podViews([pod('shop', CANARY, 1, status)], [CANARY])).toMatchObject([view])
  })

  it('that leave say so, and those of older revisions are left out', () => {
    const leaving = pod('shop', STABLE, 1)
    leaving.metadata.deletionTimestamp = new Date(BEGAN).toISOString()
    const views = podViews([pod('shop', CANARY, 2), leaving, pod('shop', 'older', 1)], [STABLE, undefined, CANARY])
    expect(views.map(({ revision, phase }) => [revision, phase])).toEqual([
      [STABLE, 'Terminating'],
      [CANARY, 'Running'],
    ])
  })
})

it('events are the newest first, each once with its count', () => {
  const at = (minutes: number): string => new Date(BEGAN + minutes * 60_000).toISOString()
  const series = { count: 4, lastObservedTime: at(9) }
  const old = { eventTime: null, deprecatedLastTimestamp: at(1), deprecatedCount: 3, type: 'Warning' }
  const events: KubeEvent[] = [
    event('shop', 'Old', 'by an older client', old),
    event('shop', 'Once', 'once', { eventTime: at(5) }),
    event('shop', 'Again', 'again and again', { series }),
  ]
  expect(eventViews(events).map(({ reason, type, count, at }) => [reason, type, count, at])).toEqual([
    ['Again', 'Normal', 4, at(9)],
    ['Once', 'Normal', 1, at(5)],
    ['Old', 'Warning', 3, at(1)],
  ])
})

describe('intervals', () => {
  it('are those of the ledger, with users where a test counts them', () => {
    const rows = [
      row(0, 5, { cells: { errors: [100, 300, 2, 3], 'latency:250': [100, 300, 0, 0] } }),
      row(1, 25, { cells: {}, missing: 'nobody answers' }),
      row(2, 50, { cells: {}, users: { bought: [40, 60, 4, 3] } }),
    ]
    expect(rowsOf(ledger(rows))).toEqual([
      {
        at: BEGAN + 2_000,
        weight: 5,
        metrics: {
          errors: { canary: [100, 2], stable: [300, 3] },
          'latency:250': { canary: [100, 0], stable: [300, 0] },
        },
      },
      { at: BEGAN + 4_000, weight: 25, metrics: {} },
      { at: BEGAN + 6_000, weight: 50, metrics: { bought: { canary: [40, 4], stable: [60, 3] } } },
    ])
  })

  const cell = fc.record({
    canary: fc.tuple(fc.nat(1_000), fc.nat(10)),
    stable: fc.tuple(fc.nat(1_000), fc.nat(10)),
  })
  const rows = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.dictionary(fc.constantFrom('errors', 'carts'), cell)), {
      maxLength: 200,
    })
    .map((list) =>
      list.map(([weight, metrics], i): RowView => ({ at: i, weight: weight * 25, metrics: { ...metrics } })),
    )
  const total = (list: RowView[], name: string): number[] =>
    list.reduce<number[]>(
      ([a = 0, b = 0, c = 0, d = 0], { metrics }) => {
        const { canary, stable } = metrics[name] ?? { canary: [0, 0], stable: [0, 0] }
        return [a + canary[0], b + canary[1], c + stable[0], d + stable[1]]
      },
      [0, 0, 0, 0],
    )
  const changes = (list: RowView[]): number => list.filter(({ weight }, i) => weight !== list[i - 1]?.weight).length

  it('that are too many add up: no request is lost, no weight is blurred, the last one ends when it ended', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 50 }), (list, most) => {
        const fewer = thinned(list, most)
        for (const name of ['errors', 'carts']) expect(total(fewer, name)).toEqual(total(list, name))
        expect(changes(fewer)).toBe(changes(list))
        expect(fewer.length).toBeLessThanOrEqual(most + changes(list))
        expect(fewer.at(-1)?.at).toBe(list.at(-1)?.at)
      }),
    )
  })

  it('that are few stay as they are', () => {
    fc.assert(
      fc.property(rows, (list) => {
        expect(thinned(list, 200)).toEqual(list)
      }),
    )
  })
})

describe('what is kept of objects', () => {
  it('is of a running release its ledger too, and of one that ended what a list shows', () => {
    const running = trimRelease(release('shop', 7, { ledger: 'x' }))
    const ended = trimRelease(release('shop', 6, { ledger: 'x', outcome: 'Promoted' }))
    expect([running.status?.ledger, ended.status?.ledger]).toEqual(['x', undefined])
    expect(ended.spec).not.toHaveProperty('template')
    expect(ended.spec.plan.steps.length).toBeGreaterThan(0)
  })

  it('is of a pod what it is and how it is', () => {
    const whole = { ...pod('shop', CANARY, 1), spec: { containers: [{ env: [{ name: 'PASSWORD', value: 'x' }] }] } }
    expect(JSON.stringify(trimPod(whole))).not.toContain('PASSWORD')
    expect(trimPod(whole).status).toEqual(whole.status)
  })
})
