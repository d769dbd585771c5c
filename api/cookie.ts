import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

type Options = { secure: boolean; sameSite: 'Strict' | 'Lax'; seconds: number; path: string }

/** Browsers take 4096 bytes a cookie, with its name and attributes. */
const PIECE = 3_500
/** Servers take 16 KiB of headers. */
const MOST_PIECES = 4

/** Over HTTPS browsers take this prefix from this very host only, not from others of its domain, and want the path `/`. */
export const ownCookie = (name: string, { secure, path }: Pick<Options, 'secure' | 'path'>) =>
  secure ? { name: `__Host-${name}`, path: '/' } : { name, path }

/** False when it is more than browsers and servers carry. Never readable by scripts. */
export function writeCookie(
  c: Context,
  name: string,
  value: string,
  { secure, sameSite, seconds, path }: Options,
): boolean {
  const pieces = Array.from({ length: Math.ceil(value.length / PIECE) }, (_, index) =>
    value.slice(index * PIECE, (index + 1) * PIECE),
  )
  if (pieces.length > MOST_PIECES) return false
  for (const [index, piece] of pieces.entries()) {
    setCookie(c, nameOf(name, index), piece, { httpOnly: true, secure, sameSite, path, maxAge: seconds })
  }
  forget(c, name, { secure, path }, pieces.length)
  return true
}

export function readCookie(c: Context, name: string): string | undefined {
  const pieces: string[] = []
  for (let piece = getCookie(c, name); piece !== undefined; piece = getCookie(c, nameOf(name, pieces.length))) {
    pieces.push(piece)
  }
  return pieces.length === 0 ? undefined : pieces.join('')
}

export const clearCookie = (c: Context, name: string, options: Pick<Options, 'secure' | 'path'>): void =>
  forget(c, name, options, 0)

function forget(c: Context, name: string, options: Pick<Options, 'secure' | 'path'>, from: number): void {
  for (let index = from; index < MOST_PIECES; index++) {
    if (getCookie(c, nameOf(name, index)) !== undefined) deleteCookie(c, nameOf(name, index), options)
  }
}

const nameOf = (name: string, index: number): string => (index === 0 ? name : `${name}.${index}`)
