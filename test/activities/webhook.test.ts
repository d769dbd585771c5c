import type { LookupAddress } from 'node:dns'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import type { Posted } from '../../activities/posting.ts'
import { webhook, type WebhookInput } from '../../activities/webhook.ts'
import type { Webhook } from '../../crds/plan.ts'
import { RELEASES, SECRETS } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { createReach } from '../../network/reach.ts'
import type { Layout } from '../../stack/layout.ts'
import { makePki } from '../../stack/pki.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { startReceiver, type Receiver } from '../fakes/receiver.ts'

const INPUT: WebhookInput = {
  ref: { namespace: 'shop', name: 'checkout' },
  uid: 'u-1',
  release: 2,
  stepIndex: 1,
  round: 1,
  stable: 'aaa',
  weight: 25,
  attempt: 2,
}

const TOKEN = 'open-sesame-42'

/** Release 2 asks this webhook in its second step, with what is in the Secret `hook`. */
async function stage(
  hook: Partial<Webhook> & { url: string },
  secret: Record<string, string> = { token: TOKEN },
  reach = createReach({ refuses: 'nothing' }),
) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const step = { kind: 'webhook', timeoutMs: 5_000, retries: 3, ...hook }
  server.put(RELEASES, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata: { name: 'checkout-2', namespace: 'shop' },
    spec: {
      number: 2,
      revision: 'bbb',
      plan: { steps: [{ kind: 'setWeight', weight: 25 }, step] },
      provenance: { commit: '3f2a9c1', author: 'Ada', images: ['shop.local/checkout:1.5.0'] },
    },
  })
  const data = Object.fromEntries(Object.entries(secret).map(([key, value]) => [key, btoa(value)]))
  server.put(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hook', namespace: 'shop' }, data })
  const environment = new MockActivityEnvironment()
  const deps = { kube: createKube({ kubeconfig: server.kubeconfig }), reach } as Partial<Deps> as Deps
  const ask = (input = INPUT) => environment.run<[Deps, WebhookInput], Posted, typeof webhook>(webhook, deps, input)
  return { server, environment, ask }
}

async function receiver(answer?: Receiver['answer'], tls?: { key: string; cert: string }): Promise<Receiver> {
  const started = await startReceiver(tls)
  onTestFinished(() => started[Symbol.asyncDispose]())
  if (answer) started.answer = answer
  return started
}

const saying =
  (status: number, body = '', headers: Record<string, string> = {}): Receiver['answer'] =>
  (response) =>
    void response.writeHead(status, headers).end(body)

it('posts what the release is, with a key that is the same in every attempt', async () => {
  const { url, received } = await receiver()
  const { ask } = await stage({ url: `${url}/smoke?team=till` })
  expect(await ask()).toEqual({ passed: true, said: 'answered 200' })
  await ask({ ...INPUT, attempt: 3 })
  expect(received[0]).toMatchObject({
    method: 'POST',
    path: '/smoke?team=till',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'u-1-2-2-1', 'sluice-attempt': '2' },
  })
  expect(received[0]?.body).toEqual({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Webhook',
    id: 'u-1-2-2-1',
    namespace: 'shop',
    rollout: 'checkout',
    release: 2,
    revision: 'bbb',
    stable: 'aaa',
    step: 2,
    steps: 2,
    weight: 25,
    images: ['shop.local/checkout:1.5.0'],
    provenance: { commit: '3f2a9c1', author: 'Ada' },
    hosts: {
      canary: 'checkout-bbb.shop.svc.cluster.local',
      stable: 'checkout-aaa.shop.svc.cluster.local',
      side: 'checkout-bbb-x.shop.svc.cluster.local',
    },
  })
  expect(received[1]?.body).toEqual(received[0]?.body)
  expect(received[1]?.headers).toMatchObject({ 'idempotency-key': 'u-1-2-2-1', 'sluice-attempt': '3' })
})

it('asks under another key when the step is begun again', async () => {
  const { url, received } = await receiver()
  const { ask } = await stage({ url })
  await ask({ ...INPUT, round: 2 })
  expect(received[0]?.body['id']).toBe('u-1-2-2-2')
})

it('takes any 2xx for a yes, whatever is said with it', async () => {
  const { url } = await receiver(saying(204))
  const { ask } = await stage({ url })
  expect(await ask()).toEqual({ passed: true, said: 'answered 204' })
})

it('sends the token and the headers of Secrets, and repeats none of them', async () => {
  const { url, received } = await receiver((response, { headers }) =>
    response.writeHead(403).end(`no ${headers.authorization} and no ${String(headers['x-tenant'])}`),
  )
  const secret = { token: `${TOKEN}\n`, tenant: 'tenant-of-the-till' }
  const { ask } = await stage(
    {
      url,
      bearerToken: { secret: 'hook', key: 'token' },
      headers: [{ name: 'X-Tenant', value: { secret: 'hook', key: 'tenant' } }],
    },
    secret,
  )
  const { said } = await ask()
  expect(received[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-tenant': secret.tenant })
  expect(said).toMatch(/^answered 403: no /)
  expect(said).not.toContain(TOKEN)
  expect(said).not.toContain(secret.tenant)
})

it('tells a no by the first words of the answer, in one line', async () => {
  const { url } = await receiver(saying(500, `price\u001B[31m list\n  is empty${'!'.repeat(10_000)}`))
  const { ask } = await stage({ url })
  const { passed, said } = await ask()
  expect(passed).toBe(false)
  expect(said).toMatch(/^answered 500: price .*list is empty!+…$/)
  expect(said.length).toBeLessThan(400)
})

it('follows no redirect', async () => {
  const elsewhere = await receiver()
  const { url } = await receiver(saying(307, '', { location: elsewhere.url }))
  const { ask } = await stage({ url })
  expect(await ask()).toEqual({
    passed: false,
    said: 'answered 307; redirects are not followed, write the final address',
  })
  expect(elsewhere.received).toEqual([])
})

it('asks nobody on the machine of the engine, whatever name leads there, and says what to change', async () => {
  const { url, received } = await receiver()
  const reach = createReach({ refuses: 'local' })
  const kinds = [url, url.replace('127.0.0.1', 'localhost'), url.replace('127.0.0.1', '[::ffff:7f00:1]')]
  for (const each of kinds) {
    const { ask } = await stage({ url: each }, {}, reach)
    const { passed, said } = await ask()
    expect(passed).toBe(false)
    expect(said).toMatch(/^cannot be asked: its url leads to \S+ \(loopback\), .* --allow-local-targets true$/)
  }
  expect(received).toEqual([])
})

it('calls the address that was looked at, whatever the name says a moment later', async () => {
  const { url, received } = await receiver()
  const answers = ['127.0.0.1', '169.254.169.254']
  const find = (): Promise<LookupAddress[]> => Promise.resolve([{ address: answers.shift() ?? '', family: 4 }])
  const reach = createReach({ refuses: 'nothing', find })
  const { ask } = await stage({ url: url.replace('127.0.0.1', 'changing.example') }, {}, reach)
  expect(await ask()).toEqual({ passed: true, said: 'answered 200' })
  expect([received.length, answers]).toEqual([1, ['169.254.169.254']])
})

it('waits no longer for a name server', async () => {
  const reach = createReach({ refuses: 'local', find: () => new Promise(() => undefined) })
  const { ask } = await stage({ url: 'http://slow.example', timeoutMs: 100 }, {}, reach)
  expect(await ask()).toEqual({ passed: false, said: 'gave no answer within 100ms' })
})

it('waits for an answer as long as declared', async () => {
  const { url } = await receiver(() => undefined)
  const { ask } = await stage({ url, timeoutMs: 100 })
  expect(await ask()).toEqual({ passed: false, said: 'gave no answer within 100ms' })
})

it('waits no longer for the rest of a no', async () => {
  const { url } = await receiver((response) => void response.writeHead(503).write('one moment'))
  const { ask } = await stage({ url, timeoutMs: 200 })
  expect(await ask()).toEqual({ passed: false, said: 'gave no answer within 200ms' })
})

it('says when nobody is there', async () => {
  const gone = await startReceiver()
  await gone[Symbol.asyncDispose]()
  const { ask } = await stage({ url: gone.url })
  expect(await ask()).toEqual({ passed: false, said: 'cannot be asked: nobody answers there' })
})

it('trusts over TLS whom caBundle names, and nobody else', async () => {
  const { tls, ca } = await certificates()
  const { url, received } = await receiver(undefined, tls)
  const trusting = await stage({ url, caBundle: { secret: 'hook', key: 'ca' } }, { ca })
  expect(await trusting.ask()).toEqual({ passed: true, said: 'answered 200' })
  const careful = await stage({ url })
  expect(await careful.ask()).toEqual({
    passed: false,
    said: 'has a certificate that nobody who is trusted has signed; put its authority into caBundle',
  })
  expect(received).toHaveLength(1)
  const broken = await stage({ url, caBundle: { secret: 'hook', key: 'ca' } }, { ca: 'no such thing' })
  expect(await broken.ask()).toEqual({
    passed: false,
    said: 'cannot be asked: its caBundle is no certificate in PEM',
  })
})

it('asks nobody while a Secret cannot be read, and says which', async () => {
  const { url, received } = await receiver()
  const { ask } = await stage({ url, bearerToken: { secret: 'hook', key: 'tokn' } })
  await expect(ask()).rejects.toMatchObject({
    type: 'NotAsked',
    message: 'The webhook cannot be asked, because key tokn of Secret shop/hook does not exist',
  })
  expect(received).toEqual([])
})

it('ends with the release that asks', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { url } = await receiver(() => resolve())
  const { ask, environment } = await stage({ url })
  const asking = ask()
  await promise
  environment.cancel()
  await expect(asking).rejects.toMatchObject({ name: 'CancelledFailure' })
})

/** An authority and what it signed for loopback. */
async function certificates(): Promise<{ tls: { key: string; cert: string }; ca: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-webhook-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const at = (name: string): string => join(folder, name)
  const pki = {
    ca: at('ca'),
    certificate: at('certificate'),
    key: at('key'),
    accountKey: at('account'),
    accountPublicKey: at('public'),
  }
  await makePki({ pki } as Partial<Layout> as Layout)
  const read = (file: string): Promise<string> => readFile(file, 'utf8')
  return { tls: { key: await read(pki.key), cert: await read(pki.certificate) }, ca: await read(pki.ca) }
}
