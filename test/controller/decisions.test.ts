import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { DecisionSpec } from '../../crds/decision.ts'
import { DECISION_GUARD } from '../../crds/guard-policy.ts'
import { API_VERSION, LABEL } from '../../crds/names.ts'
import { DECISIONS, EVENTS, GUARD_BINDINGS, GUARD_POLICIES, RELEASES } from '../../crds/resources.ts'
import type { Decision, DecisionStatus } from '../../crds/schema/decision.ts'
import type { KubeObject } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { NAMESPACE, stage as openStage } from './stage.ts'

const LONG_AGO = '2026-05-01T10:00:00Z'

type Options = Parameters<typeof openStage>[0]

/** A cluster in which the shipped policy is in force since long ago, and Rollout checkout is there. */
async function stage(options: Options = {}) {
  const opened = await openStage(options)
  const { server, declare } = opened
  for (const [index, resource] of [GUARD_POLICIES, GUARD_BINDINGS].entries()) {
    const shipped = parseAllDocuments(
      readFileSync(new URL('../../deploy/base/decisions.yaml', import.meta.url), 'utf8'),
    )[index]?.toJS() as KubeObject
    // Whoever creates an object does not choose when it was created.
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(LONG_AGO) })
    server.put(resource, shipped)
    vi.useRealTimers()
  }
  declare('checkout', 'one')
  const place = placeOf(DECISIONS, NAMESPACE)
  return {
    ...opened,
    say: (name: string, spec: Partial<DecisionSpec> = {}, status?: DecisionStatus) => {
      server.put(DECISIONS, {
        apiVersion: API_VERSION,
        kind: DECISIONS.kind,
        metadata: { namespace: NAMESPACE, name, labels: { [LABEL.rollout]: 'checkout' } },
        spec: { rollout: 'checkout', release: 2, revision: 'abc', action: 'abort', by: 'ada', ...spec },
        ...(status ? { status } : {}),
      })
      return server.store.read(place, name).metadata.uid
    },
    outcome: (name: string) => (server.store.read(place, name) as unknown as Decision).status,
    names: () => server.store.list(place).map(({ metadata }) => metadata.name),
    warnings: () => server.store.list(placeOf(EVENTS, NAMESPACE)) as unknown as { reason: string; note: string }[],
  }
}

describe('a Decision', () => {
  it('is handed to the run by its uid, by a controller that does not lead, too', async () => {
    const { start, say, temporal, outcome } = await stage()
    const before = say('checkout-1', { action: 'approve', gate: 'go' })
    start({ standby: true })
    await eventually(() => expect(temporal.words).toEqual([{ uid: before, name: 'checkout-1', action: 'approve' }]))
    const after = say('checkout-2')
    await eventually(() => expect(temporal.words.at(-1)).toEqual({ uid: after, name: 'checkout-2', action: 'abort' }))
    expect(outcome('checkout-1')).toBeUndefined()
  })

  it('about a release that is under way begins a run for it where there is none', async () => {
    const { start, say, serves, begins, temporal } = await stage()
    serves('checkout', 'one')
    begins('checkout', 'two')
    const uid = say('checkout-1')
    start({ standby: true })
    await eventually(() =>
      expect(temporal.words).toEqual([{ uid, name: 'checkout-1', action: 'abort', underWay: true }]),
    )
  })

  it('waits while Temporal is away', async () => {
    const { start, say, temporal, outcome } = await stage()
    temporal.fail('no answer')
    start()
    say('checkout-1')
    await eventually(() => expect(temporal.attempts.length).toBeGreaterThan(2))
    expect(outcome('checkout-1')).toBeUndefined()
    temporal.fail(undefined)
    await eventually(() => expect(temporal.words).toHaveLength(1))
  })

  it('that no run takes is refused in its words', async () => {
    const { start, say, temporal, outcome } = await stage()
    temporal.refuse('no release is under way: there is nothing to abort')
    start()
    say('checkout-1')
    await eventually(() =>
      expect(outcome('checkout-1')).toMatchObject({
        outcome: 'Refused',
        message: 'no release is under way: there is nothing to abort',
      }),
    )
  })

  it('about a Rollout that is not there is refused', async () => {
    const { start, say, outcome, temporal } = await stage()
    start()
    say('basket-1', { rollout: 'basket' })
    await eventually(() => expect(outcome('basket-1')?.message).toMatch(/^there is no Rollout basket/))
    expect(temporal.words).toEqual([])
  })

  it('that has an outcome is not handed over again', async () => {
    const { start, say, temporal } = await stage()
    say('checkout-1', {}, { outcome: 'Applied', message: 'done', at: LONG_AGO })
    start()
    const uid = say('checkout-2')
    await eventually(() => expect(temporal.words.map((word) => word.uid)).toEqual([uid]))
  })
})

describe('where nobody vouches for Decisions', () => {
  it.each<[string, (server: Awaited<ReturnType<typeof stage>>['server']) => void, RegExp]>([
    [
      'because the policy is gone',
      ({ store }) => store.remove(placeOf(GUARD_POLICIES), DECISION_GUARD),
      /there is no ValidatingAdmissionPolicy/,
    ],
    [
      'because the binding only audits',
      (server) =>
        server.put(GUARD_BINDINGS, {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: GUARD_BINDINGS.kind,
          metadata: { name: DECISION_GUARD },
          spec: { validationActions: ['Audit'] },
        }),
      /ValidatingAdmissionPolicyBinding sluice-decisions is not the one/,
    ],
    [
      'because the engine may not look',
      (server) =>
        server.interfere(({ path }) =>
          path.includes('validatingadmission') ? { code: 403, reason: 'Forbidden', message: 'no right' } : undefined,
        ),
      /may not look who vouches for it \(no right\)/,
    ],
    [
      'because the API server does not refuse a forged one by the policy',
      (server) =>
        server.interfere(({ method, path }) =>
          method === 'POST' && path.endsWith('/namespaces/sluice-system/decisions')
            ? { code: 403, reason: 'Forbidden', message: 'no right to create any' }
            : undefined,
        ),
      /a forged one is not refused by the admission policy sluice-decisions, but with "no right to create any"/,
    ],
  ])('%s, none counts, and the Rollout says why', async (_, change, why) => {
    const { start, say, server, temporal, outcome, warnings } = await stage()
    change(server)
    start()
    say('checkout-1')
    await eventually(() => expect(outcome('checkout-1')?.outcome).toBe('Refused'))
    expect(outcome('checkout-1')?.message).toMatch(why)
    expect(warnings()).toMatchObject([{ reason: 'DecisionsUnprotected', note: outcome('checkout-1')?.message }])
    expect(temporal.words).toEqual([])
  })
})

describe('an old Decision', () => {
  const done = { outcome: 'Applied', message: 'done', at: LONG_AGO } as const

  it('goes when the record of its release has gone, and not before', async () => {
    const { start, say, names, serves, server } = await stage({ collectMs: 50 })
    serves('checkout', 'one')
    say('checkout-kept', { release: 1 }, done)
    say('checkout-gone', { release: 7 }, done)
    say('checkout-young', { release: 7 }, { ...done, at: new Date().toISOString() })
    say('checkout-open', { release: 7 })
    start()
    await eventually(() => expect(names()).not.toContain('checkout-gone'))
    expect(names().toSorted()).toEqual(['checkout-kept', 'checkout-open', 'checkout-young'])
    server.store.remove(placeOf(RELEASES, NAMESPACE), 'checkout-1')
    await eventually(() => expect(names().toSorted()).toEqual(['checkout-open', 'checkout-young']))
  })
})
