import { OffLimits } from '../../network/reach.ts'

/**
 * Whom a failure concerns. `question`: another question may fare better, so a batch is worth splitting; `moment`: whatever
 * is asked now is too much or answered in part, and more questions make it worse; `address`: whatever is asked there fails
 * alike.
 */
export type Scope = 'question' | 'moment' | 'address'

/** Why Prometheus gave nothing usable. */
export class AskError extends Error {
  readonly scope: Scope

  constructor(message: string, scope: Scope) {
    super(message)
    this.scope = scope
  }
}

/** Analysis.md 6, trap 12: whoever answers with more is no longer told apart from a mistake. */
export const MOST_SERIES = 5_000

export class TooManySeries extends AskError {
  constructor(count: number) {
    super(`${count} series answer, more than ${MOST_SERIES}`, 'question')
  }
}

const MOST_CHARS = 160

/** Takes out what must not be repeated. Before anything is cut: half a secret is not recognised any more. */
export type Mask = (text: string) => string

/** What a well-sent answer of 200 lacks; undefined when it can be used. A partial answer is no data. */
export function refusal(body: unknown, mask: Mask): AskError | undefined {
  if (typeof body !== 'object' || body === null || !('status' in body)) return notPrometheus
  const { warnings } = body as { warnings?: unknown }
  if (!Array.isArray(warnings) || warnings.length === 0) return undefined
  return new AskError(`Prometheus warns: ${cut(mask(String(warnings[0])))}`, 'moment')
}

/** Everything that a query can throw, axios' errors and the library's plain objects included. */
export function asAskError(error: unknown, timeoutMs: number, mask: Mask): AskError {
  if (error instanceof AskError) return error
  const { original, response, code, message, error: told, cause } = error as Thrown
  const refused = [error, cause].find((each) => each instanceof OffLimits)
  if (refused) return new AskError(`${ADDRESS} ${refused.message}`, 'address')
  if (original !== undefined) return asAskError(original, timeoutMs, mask)
  if (response) return answered(response, mask)
  if (code !== undefined && TIMEOUTS.has(code)) {
    return new AskError(`no answer within ${timeoutMs / 1_000} s from ${ADDRESS}`, 'moment')
  }
  if (code !== undefined && code in REFUSALS) return new AskError(`${REFUSALS[code]} (${code})`, 'address')
  if (code === 'ERR_BAD_RESPONSE') return new AskError('the answer is too large', 'question')
  if (error instanceof TypeError)
    return new AskError('Prometheus answered with histograms, which are not supported yet', 'question')
  return new AskError(
    `Prometheus cannot be asked at ${ADDRESS}: ${cut(mask(message ?? told ?? String(error)))}`,
    'address',
  )
}

type Answered = { status?: number; statusText?: string; data?: unknown; headers?: Record<string, unknown> }

type Thrown = {
  original?: unknown
  response?: Answered
  code?: string
  message?: string
  error?: string
  cause?: unknown
}

const TIMEOUTS = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED'])

const ADDRESS = 'spec.analysis.prometheus.address'
const AUTH = 'spec.analysis.prometheus.auth'

const UNREACHABLE = `the host of ${ADDRESS} cannot be reached`
const UNKNOWN = `the host of ${ADDRESS} is unknown`
const UNTRUSTED = `nobody who is trusted has signed the certificate of Prometheus: put its authority into ${AUTH}.caBundle`

/** Sentences by the code of Node's errors; each names what to change. */
const REFUSALS: Record<string, string> = {
  ECONNREFUSED: `nobody answers at ${ADDRESS}`,
  ENOTFOUND: UNKNOWN,
  EAI_AGAIN: `the host of ${ADDRESS} cannot be looked up`,
  ECONNRESET: `Prometheus closed the connection: it may be starting, or ${ADDRESS} may have to begin with https://`,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EPROTO: `no TLS is spoken at ${ADDRESS}: it may have to begin with http://`,
  ERR_INVALID_URL: `${ADDRESS} is no address`,
  ERR_INVALID_HTTP_TOKEN: `${AUTH}.headers has a name that no header can have`,
  ERR_INVALID_CHAR: `${AUTH} has a value that no header can have`,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: 'the certificate of Prometheus has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: `the certificate of Prometheus is for another host than that of ${ADDRESS}`,
}

export const noCertificate = new AskError(`${AUTH}.caBundle is no certificate in PEM`, 'address')

const notPrometheus = new AskError(`the answer is not that of Prometheus: check ${ADDRESS}`, 'address')

const TOO_MANY_REQUESTS = 429
const GATEWAY_TIMEOUT = 504

/** An answer of Prometheus itself carries its own words; anything else comes from a proxy or another server. */
function answered({ status, statusText, data, headers }: Answered, mask: Mask): AskError {
  const told = typeof data === 'object' && data !== null && 'error' in data ? String(data.error) : undefined
  if (status === 401 || status === 403) {
    return new AskError(`Prometheus refuses the credentials (${status}): check ${AUTH}`, 'address')
  }
  const isBusy = status === TOO_MANY_REQUESTS || (status !== undefined && status >= 500)
  if (told !== undefined) {
    return new AskError(`Prometheus answers ${status}: ${cut(mask(told))}`, isBusy ? 'moment' : 'question')
  }
  if (status !== undefined && status >= 300 && status < 400) {
    const { location } = headers ?? {}
    const to = typeof location === 'string' ? ` to ${cut(mask(location).replace(/[?#].*$/s, ''))}` : ''
    return new AskError(`${ADDRESS} redirects${to}; write the final one`, 'address')
  }
  if (typeof data === 'string' && data.includes('to an HTTPS server')) {
    return new AskError(`TLS is spoken at ${ADDRESS}: it has to begin with https://`, 'address')
  }
  if (status === 404) return new AskError(`${notPrometheus.message} (404)`, 'address')
  const isPassing = status === TOO_MANY_REQUESTS || status === GATEWAY_TIMEOUT
  const said = `${ADDRESS} answers ${status} ${cut(mask(statusText ?? ''))}`.trim()
  return new AskError(said, isPassing ? 'moment' : 'address')
}

const cut = (text: string): string => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text)
