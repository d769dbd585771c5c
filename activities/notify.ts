import { Context } from '@temporalio/activity'
import { isCertificate, maskOf } from '../analysis/reader/signing.ts'
import type { Notice } from '../crds/notices.ts'
import type { SecretKey } from '../crds/policy.ts'
import { CHANNELS } from '../crds/resources.ts'
import type { Channel, ChannelSpec } from '../crds/schema/channel.ts'
import type { Release } from '../crds/schema/release.ts'
import { describeError } from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import { CHATS } from './channels/chat.ts'
import { sendLetter } from './channels/email.ts'
import { messageOf, type Message } from './channels/message.ts'
import { bodyOf, signature } from './channels/signed.ts'
import { secretValue } from './credentials.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { post } from './posting.ts'
import { releaseAt } from './storage.ts'

export type NotifyInput = {
  /** Of the Rollout. */
  ref: RolloutRef
  /** Name of the Channel. */
  channel: string
  notice: Notice
}

const TIMEOUT_MS = 10_000

/** Tells one Channel once; throws a sentence where it was not told, without anything secret. */
export async function notify(deps: Deps, input: NotifyInput): Promise<void> {
  try {
    await tell(deps, input)
    deps.metrics.notifications.inc({ result: 'told' })
  } catch (error) {
    deps.metrics.notifications.inc({ result: 'failed' })
    throw error
  }
}

async function tell(deps: Deps, { ref, channel: name, notice }: NotifyInput): Promise<void> {
  const { namespace } = ref
  const channel = await deps.kube.get<Channel>({ resource: CHANNELS, namespace, name })
  if (!channel)
    throw new Error(
      `spec.notify names Channel ${name}, and there is none in namespace ${namespace}: create it, or mend its name`,
    )
  const { release } = notice
  const record = release === undefined ? undefined : await deps.kube.get<Release>(releaseAt(ref, release))
  const message = messageOf(notice, ref, deps.site, record)
  const read = (key: SecretKey): Promise<string> =>
    secretValue(deps, namespace, key, { name: `Channel ${name}`, component: 'notification-secrets' })
  const { reach } = deps
  if (channel.spec.email) await mail(channel.spec.email, message, { read, reach })
  else await send(await parcelOf(channel.spec, message, { read, now: deps.now() }), notice.id, reach)
}

type Read = (key: SecretKey) => Promise<string>

/** `field`: where the address stands. `secrets`: what must not be repeated. */
type Parcel = {
  url: string
  field: string
  headers: Record<string, string>
  body: string
  caBundle?: string | undefined
  secrets: string[]
}

async function parcelOf(spec: ChannelSpec, message: Message, at: { read: Read; now: number }): Promise<Parcel> {
  const { webhook } = spec
  if (webhook) {
    const body = JSON.stringify(bodyOf(message))
    const secret = await at.read(webhook.signedBy)
    const headers = signature(secret, body, at.now)
    const secrets = [secret.trim()]
    const caBundle = await trusted(webhook, at.read)
    return { url: webhook.url, field: 'spec.webhook.url', headers, body, caBundle, secrets }
  }
  for (const kind of ['slack', 'teams', 'discord'] as const) {
    const chat = spec[kind]
    if (!chat) continue
    const url = (await at.read(chat.url)).trim()
    const field = `key ${chat.url.key} of Secret ${chat.url.secret}`
    if (!URL.canParse(url) || !/^https?:/.test(url)) throw new Error(`${field} is no address of a webhook`)
    const { pathname, search } = new URL(url)
    const body = JSON.stringify(CHATS[kind](message))
    const secrets = [url, pathname + search, pathname].filter((each) => each.length > 1)
    return { url, field, headers: {}, body, caBundle: await trusted(chat, at.read), secrets }
  }
  throw new Error('the Channel is of a kind that this engine does not know')
}

async function trusted({ caBundle }: { caBundle?: SecretKey }, read: Read): Promise<string | undefined> {
  if (caBundle === undefined) return undefined
  const bundle = await read(caBundle)
  if (isCertificate(bundle)) return bundle
  throw new Error(`key ${caBundle.key} of Secret ${caBundle.secret} is no certificate in PEM`)
}

async function send({ headers, secrets, ...parcel }: Parcel, id: string, reach: Reach): Promise<void> {
  const { passed, said } = await post({
    ...parcel,
    reach,
    headers: { 'content-type': 'application/json', 'user-agent': 'sluice', 'idempotency-key': id, ...headers },
    timeoutMs: TIMEOUT_MS,
    signal: Context.current().cancellationSignal,
    mask: maskOfAll(secrets),
  })
  if (!passed) throw new Error(said)
}

async function mail(
  email: NonNullable<ChannelSpec['email']>,
  message: Message,
  { read, reach }: { read: Read; reach: Reach },
): Promise<void> {
  const { credentials: keys } = email
  const credentials = keys && {
    username: (await read(keys.username)).trim(),
    password: (await read(keys.password)).replace(/\r?\n$/, ''),
  }
  const caBundle = await trusted(email, read)
  const signal = AbortSignal.any([Context.current().cancellationSignal, AbortSignal.timeout(TIMEOUT_MS)])
  const how = { reach, caBundle, timeoutMs: TIMEOUT_MS, signal }
  const letter = { email, message, ...how, ...(credentials ? { credentials } : {}) }
  // Not the error itself: its stack and its response may repeat what was sent.
  const trouble = await sendLetter(letter).then(() => undefined, describeError)
  const mask = maskOfAll(credentials ? [credentials.password, btoa(credentials.password)] : [])
  if (trouble !== undefined) throw new Error(`${email.host} did not take it: ${mask(trouble)}`)
}

const maskOfAll = (secrets: string[]): ((text: string) => string) =>
  maskOf({}, Object.fromEntries(secrets.map((secret, index) => [`${index}`, secret])))
