import type { StringMatch } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'
import { quoted, valueRegex } from './cookie-value.ts'

/** Istio's own limit. */
const LONGEST = 1_024
/** All orders in which they may stand: 6 of three, 24 of four. */
const MOST = 3
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * RE2 that matches a whole `cookie` header that has all of these. A pair is bounded by `;` or an end of the header, so that
 * `a=1` is neither found in `aa=1` nor in `a=12`. Several are found in every order, because one header can be matched only
 * once. A header with bytes that are not UTF-8 matches nothing: RE2 sees none of its characters. Throws `Unroutable`.
 */
export function cookiesRegex(cookies: Record<string, StringMatch>): string {
  const pairs = Object.entries(cookies).map(([name, match]) => {
    if (!NAME.test(name)) throw routeError('Unroutable', `${JSON.stringify(name)} is not a name of a cookie`)
    return `${quoted(name)}=${valueRegex(name, match)}`
  })
  const names = Object.keys(cookies).join(', ')
  if (pairs.length > MOST) throw routeError('Unroutable', `${names}: at most ${MOST} cookies can be asked for together`)
  const regex = ordersOf(pairs)
    .map((order) => `(.*;)? *${order.join(' *;(.*;)? *')} *(;.*)?`)
    .join('|')
  if (regex.length <= LONGEST) return regex
  throw routeError('Unroutable', `the matches of ${names} become an expression of more than ${LONGEST} characters`)
}

function ordersOf(pairs: string[]): string[][] {
  if (pairs.length < 2) return [pairs]
  return pairs.flatMap((first) => ordersOf(pairs.filter((pair) => pair !== first)).map((rest) => [first, ...rest]))
}
