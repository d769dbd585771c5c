import { Agent, request } from 'undici'
import { formatDuration } from '../crds/duration.ts'
import { abortable, describeError } from '../kube/index.ts'
import { lookupBy, OffLimits, type Reach } from '../network/reach.ts'

export type Post = {
  url: string
  /** Where the address stands, behind `cannot be asked:`. */
  field: string
  reach: Reach
  headers: Record<string, string>
  /** JSON. */
  body: string
  /** PEM certificates that are trusted instead of the system's. */
  caBundle?: string | undefined
  /** Bound of everything, from the look-up of the host to the last byte that is read. */
  timeoutMs: number
  signal: AbortSignal
  /** Takes out what must not be repeated. */
  mask: (text: string) => string
}

/** `said`: what came back, to be put behind the address: `answered 503: closed for today`. */
export type Posted = { passed: boolean; said: string }

/** What is declared comes first: it says whose request it is, and not what it is. `id`: the same for every attempt. */
export const headersOfPost = (declared: Record<string, string>, id: string): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(declared).map(([name, value]) => [name.toLowerCase(), value])),
  'content-type': 'application/json',
  'user-agent': 'sluice',
  'idempotency-key': id,
})

/**
 * One POST. Whatever comes of it is an answer, only the caller's signal throws. Redirects are not followed: headers with
 * secrets would go wherever they point.
 */
export async function post({ url, field, reach, caBundle, timeoutMs, signal, mask, ...sent }: Post): Promise<Posted> {
  const late = AbortSignal.timeout(timeoutMs)
  const both = AbortSignal.any([signal, late])
  let dispatcher: Agent | undefined
  try {
    const found = await abortable(reach(new URL(url).hostname), both)
    const lookup = lookupBy(() => Promise.resolve(found))
    dispatcher = new Agent({
      connect: { timeout: timeoutMs, lookup, ...(caBundle === undefined ? {} : { ca: caBundle }) },
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const { statusCode, body } = await request(url, {
      method: 'POST',
      ...sent,
      dispatcher,
      signal: both,
    })
    if (statusCode >= 200 && statusCode < 300) {
      // Whoever agrees need not be heard out.
      body.on('error', () => undefined).destroy()
      return { passed: true, said: `answered ${statusCode}` }
    }
    return { passed: false, said: refusal(statusCode, mask(await beginningOf(body))) }
  } catch (error) {
    signal.throwIfAborted()
    return {
      passed: false,
      said: late.aborted ? `gave no answer within ${formatDuration(timeoutMs)}` : trouble(error, field, mask),
    }
  } finally {
    await dispatcher?.destroy()
  }
}

const MOST_BYTES = 4_096
const MOST_CHARS = 300

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) {
    chunks.push(chunk)
    if (chunks.reduce((sum, { length }) => sum + length, 0) >= MOST_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString('utf8')
}

function refusal(status: number, body: string): string {
  if (status >= 300 && status < 400) return `answered ${status}; redirects are not followed, write the final address`
  const words = describeError(body.replace(/\p{C}+/gu, ' '))
  const cut = words.length <= MOST_CHARS ? words : `${words.slice(0, MOST_CHARS)}…`
  return cut === '' ? `answered ${status}` : `answered ${status}: ${cut}`
}

const UNTRUSTED = 'has a certificate that nobody who is trusted has signed; put its authority into caBundle'
const CLOSED = 'closed the connection without an answer'

/** By the code of the error; each says what may have to be changed. */
const TROUBLE: Record<string, string> = {
  ECONNREFUSED: 'cannot be asked: nobody answers there',
  ENOTFOUND: 'cannot be asked: its host is unknown',
  EAI_AGAIN: 'cannot be asked: its host cannot be looked up',
  ECONNRESET: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  EPROTO: 'cannot be asked: it speaks no TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'cannot be asked: it speaks no TLS',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another host',
}

function trouble(error: unknown, field: string, mask: Post['mask']): string {
  if (error instanceof OffLimits) return `cannot be asked: ${field} ${error.message}`
  const { code = '' } = error as { code?: string }
  return TROUBLE[code] ?? `cannot be asked: ${mask(describeError(error))}`
}
