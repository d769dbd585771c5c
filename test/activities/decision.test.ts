import { expect, it } from 'vitest'
import { readDecision, recordDecision } from '../../activities/decision.ts'
import type { Deps } from '../../activities/deps.ts'
import { DECISION_GUARD, guardBindingSpec, guardPolicySpec } from '../../crds/guard-policy.ts'
import { DECISIONS, GUARD_BINDINGS, GUARD_POLICIES } from '../../crds/resources.ts'
import type { Decision, DecisionStatus } from '../../crds/schema/decision.ts'
import type { KubeObject } from '../../kube/index.ts'
import { REF, stage } from './stage.ts'

const SPEC: Decision['spec'] = { rollout: 'checkout', release: 2, revision: 'bbb', action: 'abort', by: 'ada' }
const ABOUT = { ref: REF, name: 'checkout-x', uid: '' }
const ANSWER = { message: 'taken', at: Date.parse('2026-01-01T00:00:00Z') }

it('what a Decision says is read where the API server vouches for it', async () => {
  const { deps, about } = await scene({})
  expect(await readDecision(deps, about)).toEqual({ word: { ...SPEC, name: 'checkout-x', uid: about.uid } })
})

it.each<[string, Scene, Partial<typeof ABOUT>, string]>([
  ['another object of this name', {}, { uid: 'uid-of-y' }, 'no Decision checkout-x with this UID'],
  ['one that is gone', {}, { name: 'checkout-y' }, 'no Decision checkout-y'],
  ['one about another Rollout', { spec: { rollout: 'search' } }, {}, 'it is about Rollout search'],
  ['one that was answered', { status: { outcome: 'Applied', message: 'done', at: '' } }, {}, 'answered before: done'],
  ['one that could be forged', { isForgeable: true }, {}, 'a forged one is not refused by the admission policy'],
  ['one for which no policy vouches', { isUnguarded: true }, {}, 'no Decision counts'],
])('%s is refused', async (_, given, other, why) => {
  const { deps, about } = await scene(given)
  expect(await readDecision(deps, { ...about, ...other })).toMatchObject({ refused: expect.stringContaining(why) })
})

it('what became of it stands in its status, and the last word is final', async () => {
  const { deps, about, statusNow } = await scene({})
  await recordDecision(deps, { ...about, ...ANSWER, outcome: 'Delivered' })
  expect(await statusNow()).toEqual({ outcome: 'Delivered', message: 'taken', at: '2026-01-01T00:00:00.000Z' })
  await recordDecision(deps, { ...about, ...ANSWER, outcome: 'Applied', message: 'done' })
  await recordDecision(deps, { ...about, ...ANSWER, outcome: 'Refused', message: 'too late' })
  expect(await statusNow()).toMatchObject({ outcome: 'Applied', message: 'done' })
  await recordDecision(deps, { ...about, ...ANSWER, name: 'checkout-y', outcome: 'Refused' })
})

type Scene = { spec?: Partial<Decision['spec']>; status?: DecisionStatus; isUnguarded?: boolean; isForgeable?: boolean }

async function scene({ spec, status, isUnguarded = false, isForgeable = false }: Scene): Promise<{
  deps: Deps
  about: typeof ABOUT
  statusNow: () => Promise<DecisionStatus | undefined>
}> {
  const { deps, server, kube } = await stage({})
  const guard = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: DECISION_GUARD } }
  if (!isUnguarded) {
    server.put(GUARD_POLICIES, { ...guard, kind: GUARD_POLICIES.kind, spec: guardPolicySpec })
    server.put(GUARD_BINDINGS, { ...guard, kind: GUARD_BINDINGS.kind, spec: guardBindingSpec })
  }
  const refused = { code: 403, reason: 'Forbidden', message: 'somebody else says no' }
  if (isForgeable) server.interfere(({ method }) => (method === 'POST' ? refused : undefined))
  const { metadata } = server.put(DECISIONS, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: DECISIONS.kind,
    metadata: { name: ABOUT.name, namespace: REF.namespace },
    spec: { ...SPEC, ...spec },
    ...(status ? { status } : {}),
  })
  const at = { resource: DECISIONS, namespace: REF.namespace, name: ABOUT.name }
  return {
    deps: { ...deps, kube: { ...kube, get: (ref) => kube.get(ref).then(longSince) as never } },
    about: { ...ABOUT, uid: metadata.uid ?? '' },
    statusNow: async () => (await kube.get<Decision>(at))?.status,
  }
}

/** The policy was written before the Decision, by far. */
function longSince(object: KubeObject | undefined): KubeObject | undefined {
  if (object?.metadata.name !== DECISION_GUARD) return object
  return { ...object, metadata: { ...object.metadata, creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [] } }
}
