import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { formatDuration } from '../../crds/duration.ts'
import { compile } from '../../crds/plan.ts'
import { rolloutSpec, type RolloutSpec } from '../../crds/schema/rollout.ts'

type Declared = z.input<typeof rolloutSpec>

const base: Declared = {
  template: { spec: { containers: [{ name: 'checkout', image: 'shop.local/checkout:1.4.0' }] } },
  service: { name: 'checkout', ports: [{ name: 'http', port: 80 }] },
  router: { istio: { virtualServices: [{ name: 'shop', routes: ['checkout'] }] } },
  strategy: { canary: { steps: [{ setWeight: 5 }] } },
}
const analysis: Declared['analysis'] = {
  prometheus: { address: 'http://prometheus:9090' },
  metrics: [
    { name: 'errors', requests: {} },
    { name: 'latency', latency: { slowerThan: '250ms' } },
  ],
}
/** A spec as the API server returns it. */
const spec = (more: Partial<Declared>): RolloutSpec => rolloutSpec.parse({ ...base, ...more })
const withSteps = (steps: object[]): RolloutSpec => spec({ strategy: { canary: { steps } } })

/** Besides one slot per weight. */
const FOR_A_REPLACED_POD = 1

describe('the plan', () => {
  it('keeps every kind of step in order, with durations in milliseconds', () => {
    const steps = [
      { setWeight: 5 },
      { analyze: { for: '2m' } },
      { pause: {} },
      { pause: { for: '500ms' } },
      { approve: { name: 'go-wide' } },
      { approve: { name: 'go-on', expiresAfter: '1h' } },
      { approve: { name: 'both', by: { minimum: 2, groups: ['sre'], serviceAccounts: ['ci/bot'] }, notBy: 'author' } },
      { approve: { name: 'other', notBy: 'author' } },
    ]
    expect(compile(withSteps(steps)).plan).toEqual({
      steps: [
        { kind: 'setWeight', weight: 5 },
        { kind: 'analyze', forMs: 120_000 },
        { kind: 'pause' },
        { kind: 'pause', forMs: 500 },
        { kind: 'approve', name: 'go-wide', expiresAfterMs: 72 * 3_600_000 },
        { kind: 'approve', name: 'go-on', expiresAfterMs: 3_600_000 },
        {
          kind: 'approve',
          name: 'both',
          expiresAfterMs: 72 * 3_600_000,
          terms: { minimum: 2, groups: ['sre'], serviceAccounts: ['ci/bot'], notBy: 'author' },
        },
        { kind: 'approve', name: 'other', expiresAfterMs: 72 * 3_600_000, terms: { minimum: 1, notBy: 'author' } },
      ],
    })
  })

  it('has a bake only when it lasts', () => {
    expect(compile(spec({})).plan).not.toHaveProperty('bake')
    expect(compile(spec({ bake: { for: '1m', holdBack: 10 } })).plan.steps.slice(-2)).toEqual([
      { kind: 'setWeight', weight: 90 },
      { kind: 'bake', forMs: 60_000 },
    ])
  })

  it('is one step where the evidence sets the weights', () => {
    const { plan, policy } = compile(spec({ strategy: { canary: { ramp: { dwell: '1m' } } }, analysis }))
    const ladder = [1, 2, 5, 10, 25, 50]
    expect(plan.steps).toEqual([{ kind: 'ramp', ladder }])
    expect(policy).toMatchObject({ ramp: { ladder, dwell: 60 }, errorBudget: 50, deadline: 7200 })
    expect(policy.slots).toBe(ladder.length + FOR_A_REPLACED_POD)
  })

  it('gives a ramp the shorter one of its two limits', () => {
    const ramp = { maxDuration: '30m', errorBudget: 20 }
    expect(compile(spec({ strategy: { canary: { ramp } }, analysis })).policy).toMatchObject({
      errorBudget: 20,
      deadline: 1800,
    })
  })

  it('says what goes on beside the weights, and asks others', () => {
    const match = [{ headers: { 'X-Beta': { exact: 'true' } }, cookies: { Team: { prefix: 'qa-' } } }]
    const template = { spec: { containers: [{ name: 'smoke', image: 'shop.local/smoke:1' }] } }
    const token = { secret: 'change', key: 'token' }
    const steps = [
      { mirror: {} },
      { mirror: { percent: 10, for: '30s' } },
      { match },
      { fault: { delay: '2s' } },
      { fault: { percent: 5, abort: 503, for: '10s' } },
      { webhook: { url: 'https://change/allow', bearerToken: token } },
      { job: { template } },
    ]
    expect(compile(withSteps(steps)).plan.steps).toEqual([
      { kind: 'mirror', percent: 100 },
      { kind: 'mirror', percent: 10, forMs: 30_000 },
      // Istio knows names of headers in lower case only; those of cookies have a case.
      { kind: 'match', cohort: [{ headers: { 'x-beta': { exact: 'true' } }, cookies: { Team: { prefix: 'qa-' } } }] },
      { kind: 'fault', fault: { percent: 100, delayMs: 2_000 }, forMs: 60_000 },
      { kind: 'fault', fault: { percent: 5, abort: 503 }, forMs: 10_000 },
      { kind: 'webhook', url: 'https://change/allow', bearerToken: token, timeoutMs: 10_000, retries: 3 },
      { kind: 'job', template, timeoutMs: 600_000 },
    ])
  })

  it('of blue-green tries the new revision aside, and then switches in one step', () => {
    const blueGreen = {
      preview: { host: 'preview.shop.example' },
      previewReplicas: 50,
      mirror: { percent: 10 },
      tests: [{ webhook: { url: 'http://smoke' } }],
      approve: { name: 'switch' },
    }
    expect(compile(spec({ strategy: { blueGreen }, bake: { for: '5m' } })).plan.steps).toEqual([
      { kind: 'scale', percent: 50 },
      { kind: 'preview', host: 'preview.shop.example' },
      { kind: 'mirror', percent: 10, forMs: 60_000 },
      { kind: 'webhook', url: 'http://smoke', timeoutMs: 10_000, retries: 3 },
      { kind: 'approve', name: 'switch', expiresAfterMs: 72 * 3_600_000 },
      { kind: 'scale', percent: 100 },
      { kind: 'setWeight', weight: 100 },
      { kind: 'bake', forMs: 300_000 },
    ])
    expect(compile(spec({ strategy: { blueGreen: {} } })).plan.steps).toEqual([
      { kind: 'scale', percent: 100 },
      { kind: 'setWeight', weight: 100 },
    ])
  })

  it('of an A/B test is one step, and users stay by a cookie', () => {
    const abTest = { split: 30, metric: 'orders', maxDuration: '1h', then: 'keep-a' as const }
    expect(compile(spec({ strategy: { abTest } })).plan).toEqual({
      steps: [{ kind: 'abTest', percent: 30, metric: 'orders', maxDurationMs: 3_600_000, then: 'keep-a' }],
      affinity: { cookie: 'sluice-checkout', maxAgeMs: 86_400_000 },
    })
  })

  it('lets clients of a canary stay by a cookie, whose name may be chosen', () => {
    const affinity = { cookie: 'mine', maxAge: '1h' }
    const { plan, policy } = compile(spec({ strategy: { canary: { ramp: {}, affinity } }, analysis }))
    expect(plan.affinity).toEqual({ cookie: 'mine', maxAgeMs: 3_600_000 })
    // Requests of one client fail together.
    expect(policy).toMatchObject({ sticky: true, burst: 3 })
    const counted = { ...analysis, burst: 1 }
    expect(compile(spec({ strategy: { canary: { ramp: {}, affinity } }, analysis: counted })).policy.burst).toBe(1)
  })

  it('names the field that an older object lacks', () => {
    expect(() => compile(spec({ strategy: {} }))).toThrow('spec.strategy names none of canary, blueGreen and abTest')
    expect(() => compile(withSteps([{ setWeight: 5 }, {}]))).toThrow('spec.strategy.canary.steps[1] has no kind')
    const metrics = [{ name: 'cart' }]
    expect(() => compile(spec({ analysis: { ...analysis, metrics } }))).toThrow('spec.analysis.metrics cart is none of')
  })

  it('says the same as the declaration, whatever the steps', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 50 }), (steps) => {
        const { plan, policy } = compile(withSteps(steps.map(([declared]) => declared)))
        expect(plan.steps).toEqual(steps.map(([, compiled]) => compiled))
        const weights = plan.steps.filter(({ kind }) => kind === 'setWeight').length
        expect(policy.slots).toBe(Math.max(1, weights) + FOR_A_REPLACED_POD)
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
      }),
    )
  })
})

describe('the policy', () => {
  it('has the defaults of the analysis', () => {
    expect(compile(spec({ analysis })).policy).toEqual({
      mode: 'act',
      interval: 15,
      prometheus: { address: 'http://prometheus:9090' },
      metrics: [
        { name: 'errors', kind: 'requests' },
        { name: 'latency', kind: 'latency', slowerThanMs: 250 },
      ],
      falseRollback: 0.01,
      toleratedRatio: 1.25,
      latencyToleratedRatio: 1.1,
      promoteRatio: 2,
      errorBudget: 50,
      warmUp: 0,
      dataDeadline: 900,
      deadline: 7200,
      onInconclusive: 'hold',
      slots: 1 + FOR_A_REPLACED_POD,
      replaceLocalised: true,
      enforceSlo: false,
      shadow: [],
      burst: 1,
    })
  })

  it('is the same without an analysis, but measures nothing', () => {
    const { prometheus: _, ...rest } = compile(spec({ analysis })).policy
    expect(compile(spec({})).policy).toEqual({ ...rest, metrics: [] })
  })

  it('carries references to Secrets, never values', () => {
    const auth = { bearerToken: { secret: 'prometheus', key: 'token' } }
    const declared = { ...analysis, prometheus: { address: 'https://prometheus', auth } }
    expect(compile(spec({ analysis: declared })).policy.prometheus).toEqual({ address: 'https://prometheus', auth })
  })

  it('keeps what is asked in PromQL, and the bounds of its answer', () => {
    const counters = { total: 'carts_total{service="$service"}', bad: 'carts_lost_total{service="$service"}' }
    const gauge = { query: 'sum(queue_length{service="$service"})', max: 100 }
    const metrics = [
      { name: 'cart', counters },
      { name: 'queue', ...gauge },
      { name: 'heap', query: 'heap_bytes', cel: 'value < 1e9', advisory: true },
    ]
    expect(compile(spec({ analysis: { ...analysis, metrics } })).policy.metrics).toEqual([
      { name: 'cart', kind: 'counters', ...counters },
      { name: 'queue', kind: 'gauge', query: gauge.query, bounds: { max: 100 }, advisory: false },
      { name: 'heap', kind: 'gauge', query: 'heap_bytes', bounds: { cel: 'value < 1e9' }, advisory: true },
    ])
  })

  it('counts an objective as a share', () => {
    expect(compile(spec({ analysis: { ...analysis, slo: 99.9 } })).policy.slo).toBeCloseTo(0.999, 12)
  })
})

const ms = fc.integer({ min: 1, max: 99_999 })
const anyStep = fc.oneof(
  fc.integer({ min: 1, max: 100 }).map((weight) => [{ setWeight: weight }, { kind: 'setWeight', weight }] as const),
  ms.map((forMs) => [{ analyze: { for: `${forMs}ms` } }, { kind: 'analyze', forMs }] as const),
  ms
    .map(
      (forMs) => [{ pause: { for: formatDuration(forMs * 1_000) } }, { kind: 'pause', forMs: forMs * 1_000 }] as const,
    )
    .filter(([{ pause }, { forMs }]) => pause.for === formatDuration(forMs) && forMs < 3_600_000),
  fc.constant([{ pause: {} }, { kind: 'pause' }] as const),
  ms.map(
    (s) =>
      [
        { approve: { name: 'go', expiresAfter: `${s}s` } },
        { kind: 'approve', name: 'go', expiresAfterMs: s * 1_000 },
      ] as const,
  ),
)
