import type { Context } from 'hono'
import { clearCookie, ownCookie, readCookie, writeCookie } from './cookie.ts'
import { Refusal } from './refusal.ts'
import type { Seal } from './seal.ts'

/** What gives access to the API server. */
export type Grant = {
  token: string
  /** Gets a new token when this one is over. */
  refresh?: string
  /** Epoch seconds at which the token ends, where that is known. */
  until?: number
}
/** `person`: name of who signed in, as the API server said then. */
export type Session = Grant & { person: string }

/** The caller's credentials in a cookie: sealed, out of reach of scripts and of other sites. The process keeps nothing. */
export type Sessions = {
  read(c: Context): Promise<Session | undefined>
  write(c: Context, session: Session): Promise<void>
  clear(c: Context): void
}

const SECONDS = 12 * 3_600

/** `secure`: the browser comes by HTTPS. */
export function createSessions({ seal, secure }: { seal: Seal; secure: boolean }): Sessions {
  const { name, path } = ownCookie('sluice-session', { secure, path: '/api' })
  return {
    async read(c) {
      const text = readCookie(c, name)
      const content = text === undefined ? undefined : await seal.open(text, 'session')
      if (typeof content?.token !== 'string' || typeof content.person !== 'string') return undefined
      return {
        token: content.token,
        person: content.person,
        ...(typeof content.refresh === 'string' ? { refresh: content.refresh } : {}),
        ...(typeof content.until === 'number' ? { until: content.until } : {}),
      }
    },
    async write(c, session) {
      const text = await seal.close(session, 'session', SECONDS)
      const isWritten = writeCookie(c, name, text, { secure, sameSite: 'Strict', seconds: SECONDS, path })
      if (!isWritten) throw new Refusal(413, 'this token is longer than a browser keeps: ask for one with fewer claims')
    },
    clear: (c) => clearCookie(c, name, { secure, path }),
  }
}
