// Deep import: the package's index loads every generated model, half a second of start-up.
import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js'
import { withoutSecrets } from './secrets.ts'

export type Status = {
  code?: number
  reason?: string
  message?: string
  details?: { retryAfterSeconds?: number; causes?: Cause[] }
}

/** One thing that is wrong with an object, and where: `spec.steps[0]`, `.spec.containers[name="x"].image`. */
export type Cause = { field: string; message: string }

/** The one shape in which the API server's refusals travel. `body` is what the server said, a `Status` or plain text. */
export function apiException(request: string, code: number, body: string, headers: Record<string, string> = {}) {
  const error = new ApiException<string>(code, '', body, headers)
  error.name = 'ApiException'
  error.message = withoutSecrets(`${request}: ${statusOf(error)?.message ?? (oneLine(body) || `HTTP ${code}`)}`)
  return error
}

export const isNotFound = (error: unknown): boolean => codeOf(error) === 404
/** 409 for a stale resourceVersion or a field conflict; `AlreadyExists` is a 409 too. */
export const isConflict = (error: unknown): boolean => codeOf(error) === 409
export const isAlreadyExists = (error: unknown): boolean =>
  codeOf(error) === 409 && statusOf(error)?.reason === 'AlreadyExists'
/** The resourceVersion is too old to watch or page from: list again. */
export const isGone = (error: unknown): boolean => codeOf(error) === 410
/** The credentials are none that the server knows. */
export const isUnauthorized = (error: unknown): boolean => codeOf(error) === 401
/** RBAC, or an admission policy, refused the request. */
export const isForbidden = (error: unknown): boolean => codeOf(error) === 403
/** The object breaks the kind's schema or rules (422), or cannot be read as one (400). */
export const isInvalid = (error: unknown): boolean => codeOf(error) === 422 || codeOf(error) === 400

/** True when the same request may work a little later: overload, server trouble, a lost connection, a timeout. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  if (code === undefined)
    return error instanceof Error && (TRANSPORT_CODES.has(transportCode(error)) || isTimeout(error))
  return code === 429 || code >= 500
}

/** What the server asks to wait, in milliseconds; undefined when it asks nothing. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof ApiException)) return undefined
  const headers = error.headers as Record<string, string>
  const seconds = Number(headers['retry-after'] ?? statusOf(error)?.details?.retryAfterSeconds ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

/** The server's own words in one sentence, at most 500 characters, without credentials. */
export function describeError(error: unknown): string {
  const words = statusOf(error)?.message ?? wordsOf(error)
  const line = withoutSecrets(oneLine(words))
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`
}

/** What the server finds wrong in an object that was sent, field by field; empty when it is about something else. */
export function causesOf(error: unknown): Cause[] {
  const { details, message = '' } = statusOf(error) ?? {}
  const causes = (details?.causes ?? []).filter(({ field }) => field !== undefined && /^[\w.[]/.test(field))
  if (causes.length > 0 || !message.startsWith(NOT_OF_ITS_KIND)) return causes
  // Fields that a kind does not have come as a 500 whose text is all there is.
  return [...message.matchAll(/(?:^|\s)(\.[\w.[\]"=,/-]+): ([^\n]+)/g)].map(([, field = '', words = '']) => ({
    field,
    message: words,
  }))
}

const NOT_OF_ITS_KIND = 'failed to create typed patch object'

const TRANSPORT_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

function codeOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined
}

function statusOf(error: unknown): Status | undefined {
  if (!(error instanceof ApiException) || typeof error.body !== 'string') return undefined
  if (!error.body.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(error.body) as Status
  } catch {
    return undefined // cut off on the way: the text itself is shown instead
  }
}

const isTimeout = (error: Error): boolean => error.name === 'TimeoutError'
const transportCode = (error: Error): string => String((error as NodeJS.ErrnoException).code)

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Failed connections to several addresses arrive as an AggregateError with an empty message.
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause
  const own = error.message || (inner === undefined ? error.name : '')
  return inner instanceof Error && !own.includes(inner.message) ? [own, inner.message].filter(Boolean).join(': ') : own
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
