import type { StringMatch } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'

/** RE2 for the value of one cookie. It never reads past the `;` that ends it. Throws `Unroutable`. */
export function valueRegex(cookie: string, match: StringMatch): string {
  if ('regex' in match) return `(?:${confined(cookie, match.regex)})`
  const text = 'exact' in match ? match.exact : match.prefix
  if (text.includes(';')) throw unroutable(cookie, 'no value of a cookie has a ;')
  return 'exact' in match ? quoted(text) : `${quoted(text)}[^;]*`
}

export const quoted = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')

/** An escape, a class that does not begin with `]`, or one character. */
const TOKEN = /\\.|\[\^?[^\]](?:\\.|[^\]\\])*\]|./gs
const WITHOUT_END: Record<string, string> = { '.': '[^;]', '\\D': '[^\\d;]', '\\W': '[^\\w;]', '\\S': '[^\\s;]' }

/**
 * The expression with everything that could match `;` made narrower. RE2 can neither look ahead nor say "and", so what
 * cannot be made narrower is refused.
 */
function confined(cookie: string, regex: string): string {
  let depth = 0
  const body = regex.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const tokens = [...body.matchAll(TOKEN)].map(([token]) => {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
    if (depth < 0) throw unroutable(cookie, 'its parentheses do not match')
    return narrowed(cookie, token)
  })
  if (depth !== 0) throw unroutable(cookie, 'its parentheses do not match')
  return tokens.join('')
}

function narrowed(cookie: string, token: string): string {
  if (token in WITHOUT_END) return WITHOUT_END[token]!
  if (token.length === 1) {
    if (!'^$[;\\'.includes(token)) return token
    throw unroutable(cookie, `the whole value is matched, and ${token} stands where it has no meaning for that`)
  }
  if (token.startsWith('\\')) {
    if (/\\[dwsbB]|\\[^\w;]/.test(token)) return token
    throw unroutable(cookie, `${token} is not understood; write the characters themselves`)
  }
  if (/\[:|\\[pPxQEC0-7]/.test(token)) throw unroutable(cookie, `${token} is not understood; write a plain class`)
  if (token.startsWith('[^')) return `[^;${token.slice(2)}`
  if (!new RegExp(token).test(';')) return token
  throw unroutable(cookie, `${token} contains the ; that ends a cookie`)
}

const unroutable = (cookie: string, why: string): Error =>
  routeError('Unroutable', `the match of cookie ${cookie} cannot be put on a route: ${why}`)
