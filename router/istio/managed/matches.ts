import type { MatchRoute, StringMatch } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'
import { cookiesRegex } from './cookies.ts'

/** One entry of `spec.http[].match`. */
export type Match = { headers?: Record<string, StringMatch> } & Record<string, unknown>

/** What matches one of `base` (everything, where that is empty) and also one of the cohort. Throws `Unroutable`. */
export function narrowed(base: Match[] | undefined, cohort: MatchRoute[]): Match[] {
  const own: Match[] = base?.length ? base : [{}]
  const asked = cohort.map(headersOf)
  return own.flatMap((match) => asked.map((headers) => ({ ...match, headers: merged(match.headers ?? {}, headers) })))
}

/** Requests that also carry this cookie. */
export const withCookie = (cohort: MatchRoute[] | undefined, cookie: string, value: string): MatchRoute[] =>
  (cohort ?? [{}]).map((entry) => {
    if (entry.cookies && cookie in entry.cookies)
      throw routeError('Unroutable', `cookie ${cookie} keeps clients where they are and cannot choose them as well`)
    return { ...entry, cookies: { ...entry.cookies, [cookie]: { exact: value } } }
  })

function headersOf({ headers = {}, cookies = {} }: MatchRoute): Record<string, StringMatch> {
  const own = Object.entries(headers).reduce((all, [name, match]) => merged(all, { [lower(name)]: match }), {})
  if (Object.keys(cookies).length === 0) {
    if (Object.keys(own).length > 0) return own
    throw routeError('Unroutable', 'a cohort that names no header and no cookie is everybody')
  }
  return merged(own, { cookie: { regex: cookiesRegex(cookies) } })
}

/** All of both. A route matches a header once only, so the same header twice is refused. */
function merged(own: Record<string, StringMatch>, more: Record<string, StringMatch>): Record<string, StringMatch> {
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  const twice = Object.keys(more).find((name) => taken.has(name))
  if (twice === undefined) return { ...own, ...more }
  const words = `header ${twice} would have to match twice, which a route cannot say; match another header`
  throw routeError('Unroutable', words)
}

/** Istio ignores these among headers: the cohort would be everybody. */
const IGNORED = new Set(['uri', 'scheme', 'method', 'authority'])

function lower(name: string): string {
  const header = name.toLowerCase()
  if (!IGNORED.has(header)) return header
  throw routeError('Unroutable', `${name} is not a header; a cohort is matched by headers and cookies`)
}
