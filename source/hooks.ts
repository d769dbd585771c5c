import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SECRETS, SOURCES } from '../crds/resources.ts'
import type { Source } from '../crds/schema/source.ts'
import type { Kube } from '../kube/index.ts'
import type { Access } from './access.ts'
import type { Secret } from './credentials.ts'

/** Answers a request that is for a hook; false: it is for somebody else. */
export type Hooks = (request: IncomingMessage, response: ServerResponse) => boolean

export type HooksOptions = {
  kube: Pick<Kube, 'mergePatch'>
  access: Access
  /** By `namespace/name`. */
  find: (key: string) => Source | undefined
  now: () => number
}

type Answer = { code: number; words: string }

const PATH = /^\/hooks\/([a-z0-9.-]+)\/([a-z0-9.-]+)$/
const MOST_BYTES = 5 << 20
const SECRET_KEPT_MS = 30_000
const BODY_WITHIN_MS = 10_000
/** Anybody may call, and what he sends is kept until it is known who he is; no Source keeps others from being told of. */
const AT_ONCE = 16
const AT_ONCE_OF_SOURCE = 4
const TOO_MUCH: Answer = { code: 413, words: `at most ${MOST_BYTES >> 20} MiB, within ${BODY_WITHIN_MS / 1_000} s` }
const BUSY: Answer = { code: 503, words: 'try again later' }
const UNKNOWN: Answer = { code: 401, words: 'there is no such hook, or the call is not signed with its secret' }

/**
 * Tells that somebody pushed. Any replica may be called: it notes in the Source's status that it is to be looked at, and
 * whoever leads sees that. A call is heard only where a Source wants to be told, and it has what a signed one has. Whatever
 * is wrong with a call the answer is the same, so that nobody reads in it which Sources exist.
 */
export function createHooks(options: HooksOptions): Hooks {
  const secrets = createSecrets(options)
  const slots = createSlots()
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (!path.startsWith('/hooks/')) return false
    const [, namespace, name] = PATH.exec(path) ?? []
    const source = options.find(`${namespace}/${name}`)
    void answer(request, source, { ...options, secrets, slots })
      .catch(() => BUSY)
      .then(({ code, words }) => {
        response.writeHead(code, { 'content-type': 'text/plain', connection: 'close' }).end(`${words}\n`)
      })
    return true
  }
}

type Secrets = (source: Source) => Promise<string | undefined>
/** Undefined: there is none left. */
type Slots = (source: Source) => Disposable | undefined
type Answering = HooksOptions & { secrets: Secrets; slots: Slots }

async function answer(request: IncomingMessage, source: Source | undefined, options: Answering): Promise<Answer> {
  if (request.method !== 'POST') return { code: 405, words: 'POST only' }
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) return TOO_MUCH
  const kind = source?.spec.webhook?.kind
  if (!source || !kind || typeof request.headers[SIGNATURE[kind]] !== 'string') return UNKNOWN
  using slot = options.slots(source)
  if (!slot) return BUSY
  const body = await bodyOf(request)
  if (body === undefined) return TOO_MUCH
  const secret = await options.secrets(source)
  if (!secret || !isSigned(kind, request, body, secret)) return UNKNOWN
  if (!isAbout(body, source.spec.ref.branch)) return { code: 202, words: 'another branch' }
  const { namespace = '', name } = source.metadata
  await options.kube.mergePatch(
    { resource: SOURCES, namespace, name },
    { status: { requestedAt: new Date(options.now()).toISOString() } },
    { fieldManager: 'sluice-hook', subresource: 'status' },
  )
  return { code: 202, words: 'looking' }
}

function createSlots(): Slots {
  const taken: string[] = []
  return ({ metadata: { uid = '' } }) => {
    if (taken.length >= AT_ONCE || taken.filter((each) => each === uid).length >= AT_ONCE_OF_SOURCE) return undefined
    taken.push(uid)
    return { [Symbol.dispose]: () => void taken.splice(taken.indexOf(uid), 1) }
  }
}

/** Undefined when it is too much or takes too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  const late = setTimeout(() => request.destroy(), BODY_WITHIN_MS)
  try {
    // Who sends too much is still to hear it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(late)
  }
}

/** GitHub and Gitea sign the body, GitLab sends the secret itself. */
const SIGNATURE = { github: 'x-hub-signature-256', gitea: 'x-gitea-signature', gitlab: 'x-gitlab-token' } as const

function isSigned(kind: keyof typeof SIGNATURE, { headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  const wanted = { github: `sha256=${digest}`, gitea: digest, gitlab: secret }[kind]
  const sent = headers[SIGNATURE[kind]]
  return typeof sent === 'string' && isSame(sent, wanted)
}

/** In the same time, whatever the two have in common, and however long they are. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'length').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** A push of another branch is none of ours; what says nothing of a branch may be. */
function isAbout(body: Buffer, branch: string): boolean {
  try {
    const { ref } = JSON.parse(body.toString('utf8')) as { ref?: unknown }
    return typeof ref !== 'string' || ref === `refs/heads/${branch}`
  } catch {
    return true // a form, as GitHub may send it: it is signed, and to look costs little
  }
}

/** Not asked for at every call: anybody can call. */
function createSecrets({ access, now }: HooksOptions): Secrets {
  const kept = new Map<string, { secret: Promise<string | undefined>; until: number }>()
  return ({ metadata: { namespace = '', uid = '' }, spec }) => {
    const known = kept.get(uid)
    if (known && now() < known.until) return known.secret
    const secret = read()
    kept.set(uid, { secret, until: now() + SECRET_KEPT_MS })
    return secret

    async function read(): Promise<string | undefined> {
      const name = spec.webhook?.secretRef.name
      if (name === undefined) return undefined
      const kube = await access({ namespace, name: spec.serviceAccountName })
      const found = await kube.get<Secret>({ resource: SECRETS, namespace, name })
      const token = found?.data?.['token']
      return token === undefined ? undefined : Buffer.from(token, 'base64').toString('utf8').trim()
    }
  }
}
