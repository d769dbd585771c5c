import { z } from 'zod'
import { rules } from './vocabulary.ts'

/** Envoy looks at no longer value, and CEL's cost is estimated from it. */
const MOST_CHARS = 1024
const MOST = 8
/** They stand in any order in one header, which a route matches once. A third is the engine's own, where it keeps clients. */
const MOST_COOKIES = 2

const stringMatch = z
  .object({
    exact: z.string().max(MOST_CHARS).meta({ description: 'The whole value.' }).exactOptional(),
    prefix: z.string().max(MOST_CHARS).meta({ description: 'The beginning of the value.' }).exactOptional(),
    regex: z.string().max(MOST_CHARS).meta({ description: 'An RE2 expression for the whole value.' }).exactOptional(),
  })
  .meta({
    description: 'Exactly one of exact, prefix and regex.',
    ...rules({
      rule: '[has(self.exact), has(self.prefix), has(self.regex)].exists_one(x, x)',
      message: 'say exactly one of exact, prefix and regex, for example exact: "true"',
    }),
  })

const stringMatches = (description: string, most = MOST) =>
  z.record(z.string(), stringMatch).meta({ description, maxProperties: most })

const member = z
  .object({
    headers: stringMatches('Headers that have to match, by name.').exactOptional(),
    cookies: stringMatches('Cookies that have to match, by name.', MOST_COOKIES).exactOptional(),
  })
  .meta({
    description: 'Requests that match all of these.',
    ...rules({
      rule: '(has(self.headers) && self.headers.size() > 0) || (has(self.cookies) && self.cookies.size() > 0)',
      message: 'everybody would match; name a header or a cookie, for example headers: {x-beta: {exact: "true"}}',
    }),
  })

/** Requests that match any of the list. */
export const cohort = (description: string) => z.array(member).min(1).max(MOST).meta({ description })

export type Cohort = z.output<ReturnType<typeof cohort>>
