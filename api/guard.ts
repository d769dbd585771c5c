import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { rateLimiter } from 'hono-rate-limiter'
import { secureHeaders } from 'hono/secure-headers'
import type { ApiContext, Env } from './context.ts'
import { Refusal } from './refusal.ts'
import type { Failure } from './views.ts'

/** A page of another site can send requests with our cookie, but not with this header. */
export const CSRF_HEADER = 'x-sluice-csrf'

const MOST_BYTES = 16 * 1024
const MINUTE_MS = 60_000

/** Our pages run our files only, inside nobody else's frame. */
export const headers = ({ https }: { https: boolean }): MiddlewareHandler =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    referrerPolicy: 'no-referrer',
    strictTransportSecurity: https ? 'max-age=31536000' : false,
  })

/** Answers are about one person and one moment. */
export const uncached: MiddlewareHandler = async (c, next) => {
  await next()
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
}

export const onlyOurPages: MiddlewareHandler = async (c, next) => {
  if (!READS.has(c.req.method)) {
    const site = c.req.header('sec-fetch-site')
    if (site !== undefined && site !== 'same-origin') throw new Refusal(403, 'this came from a page of another site')
    if (!c.req.header(CSRF_HEADER)) throw new Refusal(403, `a change needs the header ${CSRF_HEADER}, for example: 1`)
  }
  await next()
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

export const smallBody = bodyLimit({
  maxSize: MOST_BYTES,
  onError: (c) => c.json<Failure>({ error: `a body has at most ${MOST_BYTES / 1024} KiB here` }, 413),
})

/** Per signed-in person. */
export const perPerson = (limit: number, what: string): MiddlewareHandler<Env> =>
  limited(limit, what, (c) => c.get('person'))

/** Per address, whoever asks from there. */
export const perAddress = (limit: number, what: string, addressOf: (c: ApiContext) => string): MiddlewareHandler<Env> =>
  limited(limit, what, addressOf)

/** Per person of those who are known, and per address of all others: those do not hold up the first. */
export const perVisitor = (limits: { person: number; address: number }, what: string): MiddlewareHandler<Env> =>
  limited(
    (c) => limits[c.get('visitor').kind],
    what,
    (c) => `${c.get('visitor').kind} ${c.get('visitor').name}`,
  )

type Limit = number | ((c: ApiContext) => number)

function limited(limit: Limit, what: string, keyGenerator: (c: ApiContext) => string): MiddlewareHandler<Env> {
  const limitOf = typeof limit === 'number' ? () => limit : limit
  return rateLimiter<Env>({
    windowMs: MINUTE_MS,
    limit: limitOf,
    keyGenerator,
    standardHeaders: 'draft-6',
    handler: (c) => c.json<Failure>({ error: `more than ${limitOf(c)} ${what} within a minute: wait a little` }, 429),
  })
}
