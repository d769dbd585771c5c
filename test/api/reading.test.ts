import { describe, expect, it, onTestFinished } from 'vitest'
import { createApi } from '../../api/index.ts'
import { eventually } from '../patience.ts'
import { ledger, pod, event, decision, CANARY, STABLE, release, rollout, row } from './objects.ts'
import { DECISIONS, EVENTS, furnish, openApi, openGround, PODS, RELEASES, ROLLOUTS, TOKEN } from './stage.ts'
import type { GateView, ReleasePage, ReleaseView, RolloutView } from '../../api/views.ts'
import { gateView, me, releasePage, releaseView, rolloutView } from '../../api/schema.ts'
import { z } from 'zod'

async function stage() {
  const ground = await openGround()
  furnish(ground)
  return openApi(ground)
}

describe('who asks', () => {
  it('is who the API server says, with a bearer token', async () => {
    const { read } = await stage()
    expect(me.parse(await read('/api/me'))).toEqual({ name: 'alice', groups: ['alices', 'system:authenticated'] })
  })

  it.each(['/api/me', '/api/stream', '/api/rollouts', '/api/gates', '/api/rollouts/shop/checkout'])(
    'has to sign in for %s',
    async (path) => {
      const { ask } = await stage()
      const nobody = await ask(path)
      expect([nobody.status, await nobody.json()]).toEqual([
        401,
        { error: 'nobody is signed in: sign in, or send a bearer token' },
      ])
      expect((await ask(path, { token: TOKEN.mallory })).status).toBe(401)
    },
  )
})

describe('the fleet', () => {
  it('is what the API server lets the caller list', async () => {
    const { read } = await stage()
    const keys = async (token: string) =>
      z
        .array(rolloutView)
        .parse(await read('/api/rollouts', token))
        .map(({ key }) => key)
    expect(new Set(await keys(TOKEN.alice))).toEqual(new Set(['shop/checkout', 'bank/checkout']))
    expect(await keys(TOKEN.carol)).toEqual(['bank/checkout'])
  })

  it('asks about rights once for many requests', async () => {
    const { server, read } = await stage()
    for (let i = 0; i < 5; i++) await read('/api/rollouts', TOKEN.carol)
    const reviews = server.requests.filter(({ path }) => path.endsWith('/selfsubjectaccessreviews'))
    // Everywhere, and in each of the two namespaces.
    expect(reviews).toHaveLength(3)
  })

  it('tells one line of everything that stands in a list', async () => {
    const { read } = await stage()
    const lines = await read<RolloutView[]>('/api/rollouts')
    expect(lines.find(({ key }) => key === 'shop/checkout')).toEqual({
      key: 'shop/checkout',
      namespace: 'shop',
      name: 'checkout',
      phase: 'AwaitingApproval',
      message: 'Gate go-wide: waiting for an approval at 25 %',
      need: 'approve',
      gate: 'go-wide',
      stable: STABLE,
      canary: CANARY,
      step: '5/8',
      weight: 25,
      release: 7,
      images: ['shop.local/checkout:1.4.0'],
      commit: '3f2a9c1',
      author: 'Ada',
      since: expect.any(String) as string,
      generation: 1,
    })
  })
})

describe('the page of a Rollout', () => {
  it('has everything about the release that runs', async () => {
    const ground = await openGround()
    furnish(ground)
    const running = { ledger: ledger([row(0, 5), row(1, 25)]), message: 'At the gate' }
    ground.put(RELEASES, release('shop', 7, running), release('shop', 6, { outcome: 'Promoted' }))
    ground.put(PODS, pod('shop', STABLE, 1), pod('shop', CANARY, 1), pod('shop', 'cccccccccc', 1))
    ground.put(EVENTS, event('shop', 'WeightSet', 'Weight 25 %'), event('bank', 'WeightSet', 'Elsewhere'))
    ground.put(DECISIONS, decision('shop', 'checkout-a'), decision('shop', 'checkout-b', { release: 6 }))
    const { read } = await openApi(ground)
    const page = releasePage.parse(await read('/api/rollouts/shop/checkout'))
    expect(page.rollout.key).toBe('shop/checkout')
    expect(page.release).toMatchObject({
      number: 7,
      revision: CANARY,
      from: STABLE,
      stepIndex: 4,
      message: 'At the gate',
    })
    expect(page.release?.rows.map(({ weight, metrics }) => [weight, metrics])).toEqual([
      [5, { errors: { canary: [100, 2], stable: [300, 3] } }],
      [25, { errors: { canary: [100, 2], stable: [300, 3] } }],
    ])
    expect(page.pods.map(({ revision }) => revision)).toEqual([STABLE, CANARY])
    expect(page.events.map(({ message }) => message)).toEqual(['Weight 25 %'])
    expect(page.decisions.map(({ name }) => name)).toEqual(['checkout-a'])
    expect(page.may).toMatchObject({ approve: true, abort: true, promote: false })
    expect(page.may).not.toHaveProperty('eject')
  })

  it('leaves out what the caller may not read', async () => {
    const ground = await openGround()
    furnish(ground)
    ground.put(PODS, pod('shop', STABLE, 1))
    const { read } = await openApi(ground)
    const page = await read<ReleasePage>('/api/rollouts/shop/checkout', TOKEN.bob)
    expect(page.pods).toEqual([])
    expect(page.release?.number).toBe(7)
    expect(page.may).toMatchObject({ approve: false, abort: false })
  })

  it('is asked for with the token of whoever looks, and refused in the words of the API server', async () => {
    const { server, ask } = await stage()
    const sentence = 'rollouts.sluice.dev "checkout" is forbidden: User "carol" cannot get resource "rollouts"'
    server.interfere(({ path, headers }) =>
      path.includes('/namespaces/shop/') && headers.authorization === `Bearer ${TOKEN.carol}`
        ? { code: 403, reason: 'Forbidden', message: sentence }
        : undefined,
    )
    const answer = await ask('/api/rollouts/shop/checkout', { token: TOKEN.carol })
    expect([answer.status, await answer.json()]).toEqual([403, { error: sentence }])
    const read = server.requests.find(({ path }) => path.endsWith('/namespaces/shop/rollouts/checkout'))
    expect(read?.headers.authorization).toBe(`Bearer ${TOKEN.carol}`)
  })

  it('is not there for a Rollout that is not there', async () => {
    const { ask } = await stage()
    const answer = await ask('/api/rollouts/shop/basket', { token: TOKEN.alice })
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'there is no Rollout shop/basket' }])
  })

  it('reads the intervals of a release that ended when somebody looks, once', async () => {
    const ground = await openGround()
    const ended = { outcome: 'RolledBack' as const, number: 7, revision: CANARY }
    ground.put(
      ROLLOUTS,
      rollout('shop', { phase: 'RolledBack', stall: 'AnalysisFailed', status: { lastRelease: ended } }),
    )
    ground.put(RELEASES, release('shop', 7, { outcome: 'RolledBack', ledger: ledger([row(0, 5)]) }))
    const { server, read } = await openApi(ground)
    const pages = [
      await read<ReleasePage>('/api/rollouts/shop/checkout'),
      await read<ReleasePage>('/api/rollouts/shop/checkout'),
    ]
    expect(pages.map(({ release }) => release?.rows.length)).toEqual([1, 1])
    expect(pages[0]?.rollout).toMatchObject({ phase: 'RolledBack', need: 'decide' })
    expect(server.requests.filter(({ path }) => path.endsWith('/releases/checkout-7'))).toHaveLength(1)
  })

  it('links to the run in Temporal where its UI is known', async () => {
    const temporalUi = { url: 'https://temporal.example/', namespace: 'default', cluster: 'eu 1' }
    const ground = await openGround({ temporalUi })
    furnish(ground)
    const { read } = await openApi(ground)
    const { release } = await read<ReleasePage>('/api/rollouts/shop/checkout')
    expect(release?.workflowUrl).toBe('https://temporal.example/namespaces/default/workflows/eu%201%2Fshop%2Fcheckout')
  })
})

describe('the history', () => {
  it('lists releases newest first, and one with its intervals, with the token of whoever looks', async () => {
    const ground = await openGround()
    furnish(ground)
    ground.put(RELEASES, release('shop', 6, { outcome: 'Aborted', ledger: ledger([row(0, 5)]) }))
    const { server, read } = await openApi(ground)
    const all = z.array(releaseView).parse(await read('/api/rollouts/shop/checkout/releases', TOKEN.bob))
    expect(all.map(({ number, rows }) => [number, rows.length])).toEqual([
      [7, 0],
      [6, 0],
    ])
    const one = await read<ReleaseView>('/api/rollouts/shop/checkout/releases/6', TOKEN.bob)
    expect([one.outcome, one.rows.length]).toEqual(['Aborted', 1])
    const reads = server.requests.filter(({ headers }) => headers.authorization === `Bearer ${TOKEN.bob}`)
    expect(reads.map(({ path }) => path.split('/').at(-1))).toEqual(['selfsubjectreviews', 'releases', 'checkout-6'])
  })

  it('says that there is no such release', async () => {
    const { ask } = await stage()
    const answer = await ask('/api/rollouts/shop/checkout/releases/5', { token: TOKEN.alice })
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'there is no release 5 of shop/checkout' }])
  })
})

describe('gates', () => {
  it('are those that wait, with who approved and whether the caller may', async () => {
    const ground = await openGround()
    furnish(ground)
    const delivered = { outcome: 'Delivered' as const, message: 'Told', at: '2026-11-21T09:00:00Z' }
    for (const name of ['a', 'b']) ground.put(DECISIONS, decision('shop', name, { by: 'dora' }, delivered))
    const { read } = await openApi(ground)
    const [gate, ...others] = z.array(gateView).parse(await read<GateView[]>('/api/gates'))
    expect(others).toEqual([])
    expect(gate).toMatchObject({ gate: 'go-wide', minimum: 1, mayApprove: true })
    expect(gate?.says).toBe('Faster totals')
    // The same person twice is one.
    expect(gate?.approvals.map(({ by }) => by)).toEqual(['dora'])
    expect(await read<GateView[]>('/api/gates', TOKEN.bob)).toMatchObject([{ gate: 'go-wide', mayApprove: false }])
    expect(await read<GateView[]>('/api/gates', TOKEN.carol)).toEqual([])
  })

  it('say nothing of the release to whoever may not read it', async () => {
    const ground = await openGround()
    furnish(ground)
    ground.server.people.allow(({ resource }) => resource !== 'releases')
    const { read } = await openApi(ground)
    const [gate] = await read<GateView[]>('/api/gates')
    expect(gate).toMatchObject({ gate: 'go-wide' })
    expect(gate).not.toHaveProperty('says')
  })
})

it('never tells half a cluster: whoever comes before everything is known waits for it', async () => {
  const ground = await openGround()
  furnish(ground)
  let isAway = true
  ground.server.interfere(({ path }) => (isAway && path.endsWith('/pods') ? 'reset' : undefined))
  const api = createApi(ground.options)
  onTestFinished(() => api.stop())
  const headers = { authorization: `Bearer ${TOKEN.alice}` }
  const answer = api.fetch(new Request('http://sluice.example/api/rollouts', { headers }))
  await eventually(() => expect(ground.server.requests.some(({ path }) => path.endsWith('/rollouts'))).toBe(true))
  expect(api.ready()).toBe(false)
  isAway = false
  const lines = (await (await answer).json()) as RolloutView[]
  expect(lines).toHaveLength(2)
})
