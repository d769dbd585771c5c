import type { MiddlewareHandler } from 'hono'
import type { ApiContext, Env, Parts } from './context.ts'
import { Refusal } from './refusal.ts'

type Callers = Pick<Parts, 'door' | 'sessions' | 'oidc'>
type Visitors = Pick<Parts, 'door' | 'sessions' | 'addressOf'>

/** A token that ends so soon is renewed first. */
const NEARLY_OVER_SECONDS = 60
const BEARER = /^Bearer +(\S+)$/i

/** Asks nobody: whose sign-in we sealed, or whose token was taken lately, is counted as that person. */
export function visited(parts: Visitors): MiddlewareHandler<Env> {
  return async (c, next) => {
    const person = await lastKnown(c, parts)
    c.set('visitor', person ? { kind: 'person', name: person } : { kind: 'address', name: parts.addressOf(c) })
    await next()
  }
}

/** Whoever has a token that the API server knows, by header or by cookie, comes in; what they may do, it decides too. */
export function knownCaller(parts: Callers): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = await tokenOf(c, parts)
    if (token === undefined) throw new Refusal(401, 'nobody is signed in: sign in, or send a bearer token')
    const caller = parts.door.open(token)
    c.set('caller', caller)
    c.set('person', (await caller.me()).name)
    await next()
  }
}

async function lastKnown(c: ApiContext, { door, sessions }: Visitors): Promise<string | undefined> {
  const header = c.req.header('authorization')
  if (header === undefined) return (await sessions.read(c))?.person
  const token = BEARER.exec(header)?.[1]
  return token === undefined ? undefined : door.nameOf(token)
}

async function tokenOf(c: ApiContext, { sessions, oidc }: Callers): Promise<string | undefined> {
  const header = c.req.header('authorization')
  if (header !== undefined) return BEARER.exec(header)?.[1]
  const session = await sessions.read(c)
  if (!session || !oidc || !isNearlyOver(session.until)) return session?.token
  const renewed = await oidc.renew(session)
  if (renewed) await sessions.write(c, { ...renewed, person: session.person })
  return (renewed ?? session).token
}

const isNearlyOver = (until: number | undefined): boolean =>
  until !== undefined && until - Date.now() / 1_000 < NEARLY_OVER_SECONDS
