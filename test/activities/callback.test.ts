import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import { callback, type CallbackInput } from '../../activities/callback.ts'
import type { Deps } from '../../activities/deps.ts'
import { callbackOf } from '../../api/callback-token.ts'
import type { Endpoint } from '../../crds/plan.ts'
import { RELEASES, SECRETS } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { createReach } from '../../network/reach.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { startReceiver, type Receiver } from '../fakes/receiver.ts'

const ID = '6f0e2c5a-0000-4000-8000-000000000001'
const SHARED = 'what-the-engine-and-the-api-both-know'
const BEARER = 'open-sesame-42'
const HOUR_MS = 3_600_000

const INPUT: CallbackInput = {
  ref: { namespace: 'shop', name: 'checkout' },
  uid: 'u-1',
  release: 7,
  stepIndex: 1,
  weight: 25,
  id: ID,
  closesAt: Date.now() + HOUR_MS,
}

type Given = { endpoint?: Partial<Endpoint>; status?: object; deps?: Partial<Deps> }

/** Release 7 waits at the gate `go-wide`, its second step. */
async function stage(url: string, { endpoint = {}, status = {}, deps = {} }: Given = {}) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const gate = { kind: 'approve', name: 'go-wide', expiresAfterMs: HOUR_MS, callback: { url, ...endpoint } }
  const metadata = { name: 'checkout-7', namespace: 'shop' }
  server.put(RELEASES, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata,
    spec: {
      number: 7,
      revision: 'bbb',
      plan: { steps: [{ kind: 'setWeight', weight: 25 }, gate] },
      provenance: { commit: '3f2a9c1', author: 'Ada', message: 'Faster', images: ['shop.local/checkout:1.5.0'] },
    },
  })
  const place = { collection: 'sluice.dev/v1alpha1/releases', namespace: 'shop' }
  server.store.merge(place, 'checkout-7', { status: { stepIndex: 1, ...status } }, 'status')
  const data = { token: btoa(BEARER) }
  server.put(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'webhook', namespace: 'shop' }, data })
  const known = {
    kube: createKube({ kubeconfig: server.kubeconfig }),
    site: { cluster: 'east', uiUrl: 'https://sluice.example/' },
    callbackSecret: SHARED,
    reach: createReach({ refuses: 'nothing' }),
    now: Date.now,
    ...deps,
  } as Partial<Deps> as Deps
  const environment = new MockActivityEnvironment()
  return (input = INPUT) => environment.run<[Deps, CallbackInput], void, typeof callback>(callback, known, input)
}

async function receiver(answer?: Receiver['answer']): Promise<Receiver> {
  const started = await startReceiver()
  onTestFinished(() => started[Symbol.asyncDispose]())
  if (answer) started.answer = answer
  return started
}

const tokenIn = (url: unknown): string => new URL(String(url)).searchParams.get('token') ?? ''

it('tells what waits, and by which two addresses it is answered; the same in every attempt', async () => {
  const { url, received } = await receiver()
  const tell = await stage(`${url}/gates`, { endpoint: { bearerToken: { secret: 'webhook', key: 'token' } } })
  await tell()
  await tell()
  const [first, second] = received
  expect(second?.body).toEqual(first?.body)
  const { approveUrl, rejectUrl, ...body } = first?.body ?? {}
  expect(body).toEqual({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Callback',
    id: ID,
    cluster: 'east',
    namespace: 'shop',
    rollout: 'checkout',
    release: 7,
    revision: 'bbb',
    gate: 'go-wide',
    step: 2,
    steps: 2,
    weight: 25,
    images: ['shop.local/checkout:1.5.0'],
    provenance: { commit: '3f2a9c1', author: 'Ada', message: 'Faster' },
    expiresAt: new Date(INPUT.closesAt).toISOString(),
    link: 'https://sluice.example/r/shop/checkout',
  })
  expect(first).toMatchObject({ method: 'POST', path: '/gates' })
  expect(first?.headers).toMatchObject({
    authorization: `Bearer ${BEARER}`,
    'content-type': 'application/json',
    'idempotency-key': ID,
  })
  const about = { namespace: 'shop', rollout: 'checkout', uid: 'u-1', release: 7, revision: 'bbb', gate: 'go-wide' }
  for (const [action, address] of [
    ['approve', approveUrl],
    ['reject', rejectUrl],
  ]) {
    expect(address).toMatch(/^https:\/\/sluice\.example\/callback\?token=/)
    await expect(callbackOf(tokenIn(address), SHARED)).resolves.toEqual({ ...about, action, jti: ID })
  }
})

it('tells nobody where nobody waits any more: the release is over, further on, or gone, or the gate has expired', async () => {
  const { url, received } = await receiver()
  await (
    await stage(url, { status: { outcome: 'Aborted' } })
  )()
  await (
    await stage(url, { status: { stepIndex: 2 } })
  )()
  await (
    await stage(url)
  )({ ...INPUT, release: 8 })
  await (
    await stage(url)
  )({ ...INPUT, closesAt: Date.now() - 1 })
  expect(received).toEqual([])
})

it('repeats neither its addresses nor its credentials, whatever the answer repeats', async () => {
  const { url } = await receiver((response, { body, headers }) =>
    response
      .writeHead(500)
      .end(`${headers.authorization} ${tokenIn(body['approveUrl'])} ${tokenIn(body['rejectUrl'])}`),
  )
  const tell = await stage(url, { endpoint: { bearerToken: { secret: 'webhook', key: 'token' } } })
  const trouble = await tell().catch((error: Error) => error.message)
  expect(trouble).toMatch(/^answered 500: /)
  expect(trouble).not.toContain('eyJ')
  expect(trouble).not.toContain(BEARER)
})

it.each<[string, Given, string]>([
  [
    'nobody set it up',
    { deps: { callbackSecret: undefined } },
    'has no --ui-url, or no secret from --callback-secret-file',
  ],
  ['nobody said where people reach the API', { deps: { site: { cluster: 'east' } } }, 'has no --ui-url'],
  [
    'a Secret is not there',
    { endpoint: { bearerToken: { secret: 'other', key: 'token' } } },
    'The callback cannot be asked, because key token of Secret shop/other cannot be read',
  ],
  [
    'its authority is none',
    { endpoint: { caBundle: { secret: 'webhook', key: 'token' } } },
    'its caBundle is no certificate in PEM',
  ],
  [
    'its address is off limits',
    { deps: { reach: createReach({ refuses: 'local' }) } },
    'cannot be asked: its url leads to 127.0.0.1 (loopback)',
  ],
])('says what is wrong where %s', async (_, given, words) => {
  const { url, received } = await receiver()
  const tell = await stage(url, given)
  await expect(tell()).rejects.toThrow(words)
  expect(received).toEqual([])
})
