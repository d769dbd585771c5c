import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, it } from 'vitest'
import { addressesOf, type Question } from '../../activities/callback-address.ts'
import { decisionView } from '../../api/schema.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { ReleaseStatus } from '../../crds/schema/release.ts'
import { CANARY, decision, release, rollout, AT_THE_GATE } from './objects.ts'
import { DECISIONS, openApi, openGround, RELEASES, ROLLOUTS, TOKEN } from './stage.ts'

const ID = '6f0e2c5a-0000-4000-8000-000000000001'
const SHARED = 'what-the-engine-and-the-api-both-know'
const API = 'system:serviceaccount:sluice-system:sluice-api'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const ABOUT = { namespace: 'shop', rollout: 'checkout', release: 7, revision: CANARY, gate: 'go-wide' }

type Given = { callbackSecret?: string; status?: ReleaseStatus; before?: Decision }

/** A release waits at its gate, and the engine has made addresses to answer it. */
async function stage({ callbackSecret = SHARED, status, before }: Given = {}) {
  const ground = await openGround(callbackSecret === '' ? {} : { callbackSecret })
  ground.put(ROLLOUTS, rollout('shop', AT_THE_GATE))
  ground.put(RELEASES, release('shop', 7, status))
  if (before) ground.put(DECISIONS, before)
  const api = await openApi(ground)
  const list = (plural: string) => api.server.store.list({ collection: `sluice.dev/v1alpha1/${plural}` })
  const uid = list('rollouts')[0]?.metadata.uid ?? ''
  const question: Question = { ...ABOUT, uid, id: ID, closesAt: Date.now() + 3_600_000 }
  const pathsOf = async (more: Partial<Question> = {}, secret = SHARED) => {
    const made = await addressesOf({ ...question, ...more }, { base: 'https://sluice.example', secret })
    const pathOf = ({ url }: { url: string }): string => url.replace('https://sluice.example', '')
    return { approve: pathOf(made.approve), reject: pathOf(made.reject) }
  }
  return {
    ...api,
    uid,
    pathsOf,
    ...(await pathsOf()),
    decisions: () => list('decisions') as unknown as Decision[],
    post: (path: string, body?: unknown, headers = {}) =>
      api.ask(path, {
        method: 'POST',
        headers: { 'x-sluice-csrf': '', ...headers },
        ...(body === undefined ? {} : { body }),
      }),
  }
}

type Staged = Awaited<ReturnType<typeof stage>>

const errorOf = async (answer: Response): Promise<string> => ((await answer.json()) as { error: string }).error

it('whoever has the address answers the gate: a Decision of the API’s own, that says how and by whom', async () => {
  const { post, approve, decisions } = await stage()
  const answer = await post(approve, { by: 'Grace', reason: 'change 4711' })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(decisionView.parse(await answer.json())).toMatchObject({ action: 'approve', gate: 'go-wide', by: API })
  expect(decisions().map(({ metadata, spec }) => [metadata.namespace, metadata.name, metadata.labels, spec])).toEqual([
    [
      'shop',
      `checkout-${ID}`,
      { 'sluice.dev/rollout': 'checkout' },
      {
        rollout: 'checkout',
        release: 7,
        revision: CANARY,
        gate: 'go-wide',
        action: 'approve',
        by: API,
        reason: 'through its callback, by somebody who says to be Grace: change 4711',
      },
    ],
  ])
})

it('nobody has to say who they are, and nobody can say to be somebody else', async () => {
  const { post, reject, decisions } = await stage()
  expect((await post(reject, { by: 'x', groups: ['system:masters'], action: 'promote', gate: 'other' })).status).toBe(
    201,
  )
  expect(decisions()[0]?.spec).toMatchObject({ by: API, action: 'reject', gate: 'go-wide' })
  expect(decisions()[0]?.spec.groups).toBeUndefined()
  const silent = await stage()
  expect((await silent.post(silent.reject)).status).toBe(201)
  expect(silent.decisions()[0]?.spec.reason).toBe('through its callback, by somebody')
})

it('a question is answered once: not again, not otherwise, not even at the same time', async () => {
  const { post, approve, reject, decisions } = await stage()
  const both = await Promise.all([post(approve), post(reject)])
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]))
  const again = await post(approve)
  expect(again.status).toBe(409)
  expect(await errorOf(again)).toContain('an answer to gate go-wide is given once')
  expect(decisions()).toHaveLength(1)
})

it('says when and how it was answered, where that is known', async () => {
  const before = decision('shop', `checkout-${ID}`, { action: 'reject', by: API })
  const { post, approve } = await stage({ before })
  const answer = await post(approve)
  expect([answer.status, await errorOf(answer)]).toEqual([
    409,
    expect.stringMatching(/^this question was answered before by reject at 20.*Z: /),
  ])
})

const sign = (uid: string, { action = 'approve', alg = 'HS256', audience = 'sluice-callback' }) =>
  new SignJWT({ ...ABOUT, uid, action })
    .setProtectedHeader({ alg })
    .setAudience(audience)
    .setJti(ID)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SHARED))

const FORGED = 'this address is damaged, or nobody here has made it'
const unsigned = (uid: string): string =>
  new UnsecuredJWT({ ...ABOUT, uid, action: 'approve', jti: ID })
    .setAudience('sluice-callback')
    .setExpirationTime('1h')
    .encode()
const addressWith = (token: string): string => `/callback?token=${token}`

it.each<[string, (staged: Staged) => Promise<string> | string, number, string]>([
  ['signed by somebody else', async ({ pathsOf }) => (await pathsOf({}, 'x'.repeat(32))).approve, 403, FORGED],
  ['signed by nobody', ({ uid }) => addressWith(unsigned(uid)), 403, FORGED],
  ['signed otherwise', async ({ uid }) => addressWith(await sign(uid, { alg: 'HS384' })), 403, FORGED],
  ['for somebody else', async ({ uid }) => addressWith(await sign(uid, { audience: 'sign-in' })), 403, FORGED],
  ['for another action', async ({ uid }) => addressWith(await sign(uid, { action: 'promote' })), 403, FORGED],
  ['changed', ({ uid, approve }) => approve.replace(/\.[^.]+\./, `.${unsigned(uid).split('.')[1]}.`), 403, FORGED],
  ['cut off', ({ approve }) => approve.slice(0, -1), 403, FORGED],
  ['without a token', () => '/callback', 400, 'this address is not whole'],
  ['too old', async ({ pathsOf }) => (await pathsOf({ closesAt: Date.now() - 1_000 })).approve, 410, 'is too old'],
  [
    'about a Rollout that was there before',
    async ({ pathsOf }) => (await pathsOf({ uid: 'before' })).approve,
    410,
    'Rollout shop/checkout is gone',
  ],
  [
    'about no Rollout',
    async ({ pathsOf }) => (await pathsOf({ rollout: 'basket' })).approve,
    410,
    'Rollout shop/basket is gone',
  ],
])('an address that is %s decides nothing', async (_, path, status, words) => {
  const staged = await stage()
  const answer = await staged.post(await path(staged))
  expect([answer.status, await errorOf(answer)]).toEqual([status, expect.stringContaining(words)])
  expect(staged.decisions()).toEqual([])
  expect(staged.logged()).not.toContain('eyJ')
})

it.each<[string, ReleaseStatus, string]>([
  [
    'release that is over',
    { outcome: 'Aborted' },
    'release 7 is over (Aborted): gate go-wide needs no answer any more',
  ],
  ['gate that somebody else has opened', { stepIndex: 5 }, 'release 7 has passed gate go-wide already'],
])('comes too late for a %s', async (_, status, words) => {
  const { ask, post, approve, decisions } = await stage({ status })
  const answer = await post(approve)
  expect([answer.status, await errorOf(answer)]).toEqual([410, words])
  const seen = await ask(approve)
  expect([seen.status, await seen.text()]).toEqual([410, expect.stringContaining(words)])
  expect(decisions()).toEqual([])
})

it('whoever opens an address is asked whether that is meant, and decides nothing by it', async () => {
  const { ask, post, approve, decisions } = await stage()
  for (const method of ['GET', 'HEAD', 'GET']) {
    const seen = await ask(approve, { method, headers: { 'x-sluice-csrf': '' } })
    expect([seen.status, seen.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    expect(seen.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(seen.headers.get('referrer-policy')).toBe('no-referrer')
  }
  const page = await (await ask(approve)).text()
  expect(page).toMatch(/<h1>Approve gate go-wide of shop\/checkout\?<\/h1>[^]*<form method="post">/)
  expect(decisions()).toEqual([])
  const sent = await post(approve, 'by=%3Cb%3EGrace&reason=', FORM)
  expect([sent.status, await sent.text()]).toEqual([201, expect.stringContaining('<h1>Thank you</h1>')])
  expect(decisions()[0]?.spec.reason).toBe('through its callback, by somebody who says to be <b>Grace')
  const again = await post(approve, '', FORM)
  expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('was answered before')])
})

it('shows no more of a forged address than that it is one', async () => {
  const { ask } = await stage()
  const seen = await ask(addressWith('<script>'))
  expect([seen.status, await seen.text()]).toEqual([403, expect.stringContaining(FORGED)])
})

it.each([
  ['PUT', 405, 'a gate is answered by POST'],
  ['DELETE', 405, 'a gate is answered by POST'],
])('knows no %s', async (method, status, words) => {
  const { ask, approve, decisions } = await stage()
  const answer = await ask(approve, { method })
  expect([answer.status, await errorOf(answer)]).toEqual([status, words])
  expect(decisions()).toEqual([])
})

it.each([
  ['a name as long as a letter', { by: 'x'.repeat(101) }, /^by: /],
  ['a reason of several lines', { reason: 'one\ntwo' }, /^reason: is one line of text$/],
  ['no JSON', 'yes!', /^the body has to be JSON$/],
])('%s is refused with the name of the field', async (_, body, sentence) => {
  const { post, approve, decisions } = await stage()
  const answer = await post(approve, body)
  expect([answer.status, await errorOf(answer)]).toEqual([400, expect.stringMatching(sentence)])
  expect(decisions()).toEqual([])
})

it('says which component gives the right that it has not', async () => {
  const { server, post, approve } = await stage()
  const message = `${API} may not approve rollout checkout in shop`
  server.interfere(({ path, method }) =>
    method === 'POST' && path.endsWith('/decisions') ? { code: 403, reason: 'Forbidden', message } : undefined,
  )
  const answer = await post(approve)
  expect([answer.status, await errorOf(answer)]).toEqual([
    403,
    `deploy/components/callbacks is what lets the API answer gates there: ${message}`,
  ])
})

it('an API that shares no secret with the engine takes no answers', async () => {
  const { post, approve, decisions } = await stage({ callbackSecret: '' })
  const answer = await post(approve, {}, { authorization: `Bearer ${TOKEN.alice}` })
  expect([answer.status, await errorOf(answer)]).toEqual([404, expect.stringContaining('--callback-secret-file')])
  expect(decisions()).toEqual([])
})
