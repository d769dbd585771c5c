/**
 * Why Prometheus gave nothing usable. Scope `question`: another question may fare better, so a batch is worth splitting;
 * `address`: whatever is asked there fails alike.
 */
export class AskError extends Error {
  readonly scope: 'question' | 'address'

  constructor(message: string, scope: 'question' | 'address') {
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

/** What a well-sent answer of 200 lacks; undefined when it can be used. A partial answer is no data. */
export function refusal(body: unknown): AskError | undefined {
  if (typeof body !== 'object' || body === null || !('status' in body)) return notPrometheus
  const { warnings } = body as { warnings?: unknown }
  if (!Array.isArray(warnings) || warnings.length === 0) return undefined
  return new AskError(`Prometheus warns: ${cut(String(warnings[0]))}`, 'question')
}

/** Everything that a query can throw, axios' errors and the library's plain objects included. */
export function asAskError(error: unknown, timeoutMs: number): AskError {
  if (error instanceof AskError) return error
  const { original, response, code, message, error: told } = error as Thrown
  if (original !== undefined) return asAskError(original, timeoutMs)
  if (response) return answered(response)
  if (code !== undefined && TIMEOUTS.has(code))
    return new AskError(`no answer within ${timeoutMs / 1_000} s`, 'question')
  if (code !== undefined && UNREACHABLE[code]) return new AskError(`${UNREACHABLE[code]} (${code})`, 'address')
  if (code === 'ERR_BAD_RESPONSE') return new AskError('the answer is too large', 'question')
  if (error instanceof TypeError)
    return new AskError('Prometheus answered with histograms, which are not supported yet', 'question')
  return new AskError(`Prometheus cannot be asked: ${cut(message ?? told ?? String(error))}`, 'address')
}

type Answered = { status?: number; statusText?: string; data?: unknown; headers?: Record<string, unknown> }

type Thrown = { original?: unknown; response?: Answered; code?: string; message?: string; error?: string }

const TIMEOUTS = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED'])

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'nobody answers at the address of Prometheus',
  ENOTFOUND: 'the host of the address of Prometheus is unknown',
  EAI_AGAIN: 'the host of the address of Prometheus cannot be looked up',
  ECONNRESET: 'Prometheus closed the connection',
  EHOSTUNREACH: 'the host of Prometheus cannot be reached',
  ENETUNREACH: 'the host of Prometheus cannot be reached',
}

const notPrometheus = new AskError(
  'the answer is not that of Prometheus: check spec.analysis.prometheus.address',
  'address',
)

/** An answer of Prometheus itself carries its own words; anything else comes from a proxy or another server. */
function answered({ status, statusText, data, headers }: Answered): AskError {
  const told = typeof data === 'object' && data !== null && 'error' in data ? String(data.error) : undefined
  if (status === 401 || status === 403) {
    return new AskError(
      `Prometheus refuses the credentials (${status}): check spec.analysis.prometheus.auth`,
      'address',
    )
  }
  if (told !== undefined) return new AskError(`Prometheus answers ${status}: ${cut(told)}`, 'question')
  if (status !== undefined && status >= 300 && status < 400) {
    const { location } = headers ?? {}
    const to = typeof location === 'string' ? ` to ${cut(location)}` : ''
    return new AskError(`the address of Prometheus redirects${to}; write the final one`, 'address')
  }
  if (status === 404) return new AskError(`${notPrometheus.message} (404)`, 'address')
  return new AskError(`the address of Prometheus answers ${status} ${cut(statusText ?? '')}`.trim(), 'address')
}

const cut = (text: string): string => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text)
