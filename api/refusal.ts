import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { HTTPException } from 'hono/http-exception'
import {
  describeError,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isTransient,
  isUnauthorized,
  type Log,
} from '../kube/index.ts'
import type { Failure } from './views.ts'

/** What is said to whoever asked, as one sentence. */
export class Refusal extends Error {
  readonly status: ContentfulStatusCode
  constructor(status: ContentfulStatusCode, sentence: string) {
    super(sentence)
    this.status = status
  }
}

/** The API server's own words and codes go on to the caller; what nobody expected goes to the log. */
export function answerError(error: unknown, c: Context, log: Log): Response {
  const status = statusOf(error)
  if (status >= 500) log.warn({ error, path: c.req.path, status }, 'a request could not be answered')
  return c.json<Failure>({ error: sentenceOf(error, status) }, status)
}

function statusOf(error: unknown): ContentfulStatusCode {
  if (error instanceof Refusal) return error.status
  if (error instanceof HTTPException) return error.status
  const found = CODES.find(([isSo]) => isSo(error))
  return found ? found[1] : 500
}

const CODES: [(error: unknown) => boolean, ContentfulStatusCode][] = [
  [isUnauthorized, 401],
  [isForbidden, 403],
  [isNotFound, 404],
  [isConflict, 409],
  [isInvalid, 422],
  [isTransient, 503],
]

function sentenceOf(error: unknown, status: number): string {
  if (error instanceof Refusal || error instanceof HTTPException) return error.message
  if (status === 401) return 'the API server does not accept these credentials: sign in again'
  if (status === 503) return `the API server cannot be asked right now: ${describeError(error)}`
  return status === 500 ? 'this went wrong on our side; the log of the API says more' : describeError(error)
}
