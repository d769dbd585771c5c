import { expect, it } from 'vitest'
import { decisionView } from '../../api/schema.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { GateView, ReleasePage } from '../../api/views.ts'
import type { GateTerms } from '../../crds/plan.ts'
import { CANARY, decision, release } from './objects.ts'
import { DECISIONS, furnish, openApi, openGround, RELEASES, TOKEN } from './stage.ts'

const PATH = '/api/rollouts/shop/checkout/decisions'
const APPROVAL = { release: 7, revision: CANARY, gate: 'go-wide', action: 'approve', reason: 'All is well' }

async function stage() {
  const ground = await openGround()
  furnish(ground)
  return openApi(ground)
}

it('a word becomes a Decision, said by the token of whoever says it and in their name', async () => {
  const { server, ask } = await stage()
  const answer = await ask(PATH, { token: TOKEN.alice, method: 'POST', body: APPROVAL })
  expect(answer.status).toBe(201)
  const said = decisionView.parse(await answer.json())
  expect(said).toMatchObject({ action: 'approve', by: 'alice', gate: 'go-wide', reason: 'All is well', release: 7 })
  const [decision, ...others] = server.store.list({ collection: 'sluice.dev/v1alpha1/decisions' }) as Decision[]
  expect(others).toEqual([])
  expect(decision?.metadata).toMatchObject({
    name: said.name,
    namespace: 'shop',
    labels: { 'sluice.dev/rollout': 'checkout' },
  })
  expect(decision?.metadata.name).toMatch(/^checkout-\w+$/)
  expect(decision?.spec).toEqual({ rollout: 'checkout', by: 'alice', ...APPROVAL })
  const created = server.requests.find(({ method, path }) => method === 'POST' && path.endsWith('/decisions'))
  expect(created?.headers.authorization).toBe(`Bearer ${TOKEN.alice}`)
})

it.each([
  [403, 'Forbidden', 'bob may not approve rollout checkout in shop'],
  [422, 'Invalid', 'approve needs gate: the name of the approve step that waits'],
])('what the API server refuses with %i is refused in its words', async (code, reason, message) => {
  const { server, ask } = await stage()
  server.interfere(({ path, method }) =>
    method === 'POST' && path.endsWith('/decisions') ? { code, reason, message } : undefined,
  )
  const answer = await ask(PATH, { token: TOKEN.bob, method: 'POST', body: APPROVAL })
  expect([answer.status, await answer.json()]).toEqual([code, { error: message }])
})

it.each([
  ['another word than there are', { ...APPROVAL, action: 'destroy' }, /^action: /],
  ['a release that is no number', { ...APPROVAL, release: '7' }, /^release: /],
  ['nothing of it', {}, /release: .*revision: .*action: /],
  ['no JSON', 'approve!', /^the body has to be JSON$/],
])('%s is refused with the name of the field, and nobody is asked', async (_, body, sentence) => {
  const { server, ask } = await stage()
  const answer = await ask(PATH, { token: TOKEN.alice, method: 'POST', body })
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as { error: string }).error).toMatch(sentence)
  expect(server.store.list({ collection: 'sluice.dev/v1alpha1/decisions' })).toEqual([])
})

it('nobody says what they are: a name in the body changes nothing', async () => {
  const { server, ask } = await stage()
  await ask(PATH, { token: TOKEN.bob, method: 'POST', body: { ...APPROVAL, by: 'alice', groups: ['system:masters'] } })
  const [decision] = server.store.list({ collection: 'sluice.dev/v1alpha1/decisions' }) as Decision[]
  expect(decision?.spec.by).toBe('bob')
  expect(decision?.spec.groups).toBeUndefined()
})

it('says that the API server is away instead of anything else', async () => {
  const { server, ask } = await stage()
  server.interfere(({ path }) => (path.endsWith('/decisions') ? 'reset' : undefined))
  const answer = await ask(PATH, { token: TOKEN.alice, method: 'POST', body: APPROVAL })
  expect(answer.status).toBe(503)
  expect(((await answer.json()) as { error: string }).error).toContain('the API server cannot be asked right now')
})

/** The release that waits, with a gate that asks for somebody in particular. */
async function openGate(terms: GateTerms) {
  const ground = await openGround()
  furnish(ground)
  const waiting = release('shop', 7)
  const steps = waiting.spec.plan.steps.map((step) => (step.kind === 'approve' ? { ...step, terms } : step))
  ground.put(RELEASES, {
    ...waiting,
    spec: {
      ...waiting.spec,
      plan: { ...waiting.spec.plan, steps },
      provenance: { ...waiting.spec.provenance, author: 'Ada <ada@example.com>' },
    },
  } as typeof waiting)
  return ground
}

it('of all that a person is, a Decision names what the gate asks for', async () => {
  const ground = await openGate({ minimum: 2, groups: ['sre', 'leads'], notBy: 'author' })
  const extra = { 'sluice.dev/email': ['dana@example.com'], 'example.com/scopes': ['all'] }
  ground.server.people.know(TOKEN.alice, { name: 'dana', groups: ['sre', 'people', 'system:authenticated'], extra })
  const { server, ask } = await openApi(ground)
  await ask(PATH, { token: TOKEN.alice, method: 'POST', body: APPROVAL })
  const [decision] = server.store.list({ collection: 'sluice.dev/v1alpha1/decisions' }) as Decision[]
  expect(decision?.spec).toEqual({
    rollout: 'checkout',
    by: 'dana',
    groups: ['sre'],
    claim: 'dana@example.com',
    ...APPROVAL,
  })
})

it.each<[string, GateTerms, boolean, string?]>([
  ['members of its groups', { minimum: 2, groups: ['alices'] }, true],
  ['nobody of other groups', { minimum: 2, groups: ['sre'] }, false],
  ['nobody who cannot tell that they are not the author', { minimum: 2, notBy: 'author' }, false],
  ['ServiceAccounts by name', { minimum: 2, serviceAccounts: ['ci/bot'] }, true, 'system:serviceaccount:ci:bot'],
  ['no other ServiceAccount', { minimum: 2, serviceAccounts: ['ci/bot'] }, false, 'system:serviceaccount:ci:cat'],
])('a gate asks %s', async (_, terms, mayApprove, name = 'alice') => {
  const ground = await openGate(terms)
  ground.server.people.know(TOKEN.alice, { name, groups: ['alices'] })
  const { read } = await openApi(ground)
  expect(await read<GateView[]>('/api/gates')).toMatchObject([{ gate: 'go-wide', minimum: 2, mayApprove }])
})

it.each<[string, string, string]>([
  ['the author of the commit', 'ada', 'is not opened by the author of the commit, and that is ada'],
  ['whoever has approved it before', 'bea', 'bea approved gate go-wide already'],
  ['nobody else', 'cid', ''],
])('the page and the gates ask anybody but %s, and say why', async (_, name, why) => {
  const ground = await openGate({ minimum: 2, notBy: 'author' })
  ground.server.people.know(TOKEN.alice, {
    name,
    groups: ['alices'],
    extra: { 'sluice.dev/email': [`${name}@example.com`] },
  })
  const told = { outcome: 'Delivered', message: 'taken', at: '2026-11-21T09:00:00Z' } as const
  ground.put(DECISIONS, decision('shop', 'one', { by: 'bea' }, told))
  const { read } = await openApi(ground)
  const [gate] = await read<GateView[]>('/api/gates')
  const { whyNot } = await read<ReleasePage>('/api/rollouts/shop/checkout')
  expect([gate?.mayApprove, gate?.whyNot]).toEqual([why === '', whyNot])
  expect(whyNot ?? '').toContain(why)
})
