import { createHmac } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { notify, type NotifyInput } from '../../activities/notify.ts'
import { CHANNELS, RELEASES, SECRETS } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { createReach, type Reach } from '../../network/reach.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { startMailServer, type MailServer } from '../fakes/mail-server.ts'
import { startReceiver, type Receiver } from '../fakes/receiver.ts'
import { certificateFor } from '../stage/certificate.ts'

const SECRET = 'what-both-sides-know'
const PASSWORD = 'correct-horse-battery'
const NOW = Date.parse('2026-05-04T10:00:00Z')

const INPUT: NotifyInput = {
  ref: { namespace: 'shop', name: 'checkout' },
  channel: 'people',
  notice: {
    id: '6f0e2c5a-0000-4000-8000-000000000001',
    at: NOW,
    type: 'Warning',
    reason: 'RolledBack',
    message: 'Rolled back: errors rose from 0.1 % to 4 % <!channel>',
    release: 7,
    revision: '5d1c0f9a3b',
  },
}

const WHEREVER = createReach({ refuses: 'nothing' })
const SITE = { cluster: 'east', uiUrl: 'https://sluice.example/' }
const LINK = 'https://sluice.example/r/shop/checkout'

/** A Channel of this kind, and what is in the Secret `notifications`. */
async function stage(
  spec: object,
  secret: Record<string, string> = {},
  { site = SITE, reach = WHEREVER, mayRead = true }: Partial<Pick<Deps, 'site' | 'reach'>> & { mayRead?: boolean } = {},
) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const forbidden = { code: 403, reason: 'Forbidden', message: 'secrets "notifications" is forbidden' }
  server.interfere(({ path }) => (!mayRead && path.includes('/secrets/') ? forbidden : undefined))
  const apiVersion = 'sluice.dev/v1alpha1'
  server.put(CHANNELS, { apiVersion, kind: 'Channel', metadata: { name: 'people', namespace: 'shop' }, spec })
  const provenance = { commit: '3f2a9c1', author: 'Ada', images: [] }
  const metadata = { name: 'checkout-7', namespace: 'shop' }
  server.put(RELEASES, { apiVersion, kind: 'Release', metadata, spec: { number: 7, provenance } })
  const data = Object.fromEntries(Object.entries(secret).map(([key, value]) => [key, btoa(value)]))
  server.put(SECRETS, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'notifications', namespace: 'shop' },
    data,
  })
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const deps = { kube, site, reach, metrics: createMetrics(), now: () => NOW } as Partial<Deps> as Deps
  const environment = new MockActivityEnvironment()
  return (input = INPUT) => environment.run<[Deps, NotifyInput], void, typeof notify>(notify, deps, input)
}

async function receiver(answer?: Receiver['answer']): Promise<Receiver> {
  const started = await startReceiver()
  onTestFinished(() => started[Symbol.asyncDispose]())
  if (answer) started.answer = answer
  return started
}

const key = (name: string): object => ({ secret: 'notifications', key: name })

const wordsOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => 'it was told',
    (error: unknown) => `${String(error)} ${error instanceof Error ? error.stack : ''}`,
  )

it('signs what it posts to an endpoint of one’s own, with the time, over every byte', async () => {
  const { url, received } = await receiver()
  const tell = await stage({ webhook: { url: `${url}/in`, signedBy: key('signature') } }, { signature: `${SECRET}\n` })
  await tell()
  const [first] = received
  expect(first?.body).toEqual({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Notification',
    id: INPUT.notice.id,
    at: '2026-05-04T10:00:00.000Z',
    severity: 'warning',
    reason: 'RolledBack',
    message: INPUT.notice.message,
    cluster: 'east',
    namespace: 'shop',
    rollout: 'checkout',
    release: 7,
    revision: '5d1c0f9a3b',
    commit: '3f2a9c1',
    author: 'Ada',
    link: LINK,
  })
  const time = (NOW / 1_000).toString()
  const signed = createHmac('sha256', SECRET)
    .update(`${time}.${JSON.stringify(first?.body)}`)
    .digest('hex')
  expect(first?.headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': INPUT.notice.id,
    'sluice-timestamp': time,
    'sluice-signature': `v1=${signed}`,
  })
})

it('tells Slack in its own words, in which nobody is mentioned by what others wrote', async () => {
  const { url, received } = await receiver()
  const tell = await stage({ slack: { url: key('slack') } }, { slack: `${url}/services/T0/B0/xyzzy\n` })
  await tell()
  expect(received[0]?.path).toBe('/services/T0/B0/xyzzy')
  expect(received[0]?.body).toEqual({
    text: [
      '*RolledBack: shop/checkout*',
      'Rolled back: errors rose from 0.1 % to 4 % &lt;!channel&gt;',
      'Release 7 · Revision 5d1c0f9a3b · Commit 3f2a9c1 · Author Ada · Cluster east',
      `<${LINK}|Open in Sluice>`,
    ].join('\n'),
  })
})

it('tells Teams with a card, and Discord with an embed that pings nobody', async () => {
  const { url, received } = await receiver()
  await (
    await stage({ teams: { url: key('url') } }, { url: `${url}/teams` })
  )()
  await (
    await stage({ discord: { url: key('url') } }, { url: `${url}/discord` })
  )()
  expect(received[0]?.body).toMatchObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: { type: 'AdaptiveCard', actions: [{ type: 'Action.OpenUrl', url: LINK }] },
      },
    ],
  })
  expect(received[1]?.body).toMatchObject({
    embeds: [{ title: 'RolledBack: shop/checkout', url: LINK, timestamp: '2026-05-04T10:00:00.000Z' }],
    allowed_mentions: { parse: [] },
  })
  expect(JSON.stringify(received[1]?.body)).toContain('3f2a9c1')
})

it('links nowhere where nobody said how people reach the UI', async () => {
  const { url, received } = await receiver()
  const site = { cluster: 'east' }
  await (
    await stage({ slack: { url: key('slack') } }, { slack: url }, { site })
  )()
  expect(received[0]?.body['text']).not.toContain('Open in Sluice')
})

it('fails in the words of whoever did not take it, without the address that is a secret', async () => {
  const { url } = await receiver((response, { path }) => response.writeHead(410).end(`no_team at ${path}`))
  const tell = await stage({ slack: { url: key('slack') } }, { slack: `${url}/services/T0/B0/xyzzy` })
  const words = await wordsOf(tell())
  expect(words).toContain('answered 410: no_team at …')
  expect(words).not.toContain('xyzzy')
})

it('says what is missing: the Channel, the key, a certificate', async () => {
  const tell = await stage({ slack: { url: key('slack') } }, { slack: 'xyzzy' })
  expect(await wordsOf(tell({ ...INPUT, channel: 'nobody' }))).toContain(
    'spec.notify names Channel nobody, and there is none in namespace shop',
  )
  const noAddress = await wordsOf(tell())
  expect(noAddress).toContain('key slack of Secret notifications is no address of a webhook')
  expect(noAddress).not.toContain('xyzzy')
  const noKey = await stage({ slack: { url: key('other') } }, {})
  expect(await wordsOf(noKey())).toContain('key other of Secret shop/notifications does not exist')
  const noRight = await stage({ slack: { url: key('slack') } }, {}, { mayRead: false })
  expect(await wordsOf(noRight())).toContain('kubectl apply -n shop -k deploy/components/notification-secrets')
  const noCa = await stage(
    { slack: { url: key('url'), caBundle: key('ca') } },
    { url: 'https://localhost', ca: 'no PEM' },
  )
  expect(await wordsOf(noCa())).toContain('key ca of Secret notifications is no certificate in PEM')
})

async function mailing(more: { implicit?: boolean; password?: string; reach?: Reach } = {}): Promise<{
  mail: MailServer
  tell: (input?: NotifyInput) => Promise<void>
}> {
  const { certificate, key: own } = await certificateFor('localhost')
  const { implicit = false, password = PASSWORD, reach = WHEREVER } = more
  const mail = await startMailServer({ key: own, cert: certificate, user: 'sluice', password: PASSWORD, implicit })
  onTestFinished(() => mail[Symbol.asyncDispose]())
  const email = {
    host: 'localhost',
    port: mail.port,
    tls: implicit ? 'implicit' : 'starttls',
    credentials: { username: key('user'), password: key('password') },
    caBundle: key('ca'),
    from: 'sluice@shop.example',
    to: ['oncall@shop.example', 'ada@shop.example'],
  }
  const secret = { user: 'sluice', password: `${password}\n`, ca: certificate }
  const tell = await stage({ email }, secret, { reach })
  return { mail, tell }
}

it.each([{ implicit: false }, { implicit: true }])('writes a letter over TLS ($implicit at once)', async (how) => {
  const { mail, tell } = await mailing(how)
  await tell()
  await tell()
  expect(mail.envelopes[0]).toEqual({ from: 'sluice@shop.example', to: ['oncall@shop.example', 'ada@shop.example'] })
  const [letter = '', again] = mail.letters
  expect(letter).toContain('Subject: RolledBack: shop/checkout')
  expect(letter).toContain('Rolled back: errors rose from 0.1 % to 4 %')
  expect(letter).toContain('Commit: 3f2a9c1')
  expect(letter).toContain(LINK)
  const id = `Message-ID: <${INPUT.notice.id}@sluice.dev>`
  expect([letter, again]).toEqual([expect.stringContaining(id), expect.stringContaining(id)])
})

it('repeats no password', async () => {
  const { mail, tell } = await mailing({ password: 'wrong-horse-battery' })
  const words = await wordsOf(tell())
  expect(words).toContain('localhost did not take it')
  expect(words).not.toContain('wrong-horse')
  expect(words).not.toContain(btoa('wrong-horse-battery'))
  expect(mail.letters).toEqual([])
})

it('fails in the words of the mail server', async () => {
  const { mail, tell } = await mailing()
  mail.refusing = 'the mailbox is full'
  expect(await wordsOf(tell())).toContain('the mailbox is full')
})

it('tells nobody on the machine of the engine, and says which field leads there', async () => {
  const reach = createReach({ refuses: 'local' })
  const { url, received } = await receiver()
  const own = await stage({ webhook: { url, signedBy: key('signature') } }, { signature: SECRET }, { reach })
  expect(await wordsOf(own())).toContain('spec.webhook.url leads to 127.0.0.1 (loopback)')
  const chat = await stage({ slack: { url: key('slack') } }, { slack: `${url}/services/xyzzy` }, { reach })
  const words = await wordsOf(chat())
  expect(words).toContain('key slack of Secret notifications leads to 127.0.0.1 (loopback)')
  expect(words).not.toContain('xyzzy')
  const { mail, tell } = await mailing({ reach })
  expect(await wordsOf(tell())).toMatch(/spec.email.host leads to \S+ \(loopback\), .* --allow-local-targets true/)
  expect([received, mail.letters]).toEqual([[], []])
})
