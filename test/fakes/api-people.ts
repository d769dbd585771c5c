import type { Json } from './api-merge.ts'
import { Refusal } from './api-store.ts'

export type Person = { name: string; groups?: string[]; extra?: Record<string, string[]> }
export type Question = {
  token: string
  verb: string
  group: string
  resource: string
  namespace?: string
  name?: string
  subresource?: string
}

/** Who the fake API server knows, and what they may do. As long as nobody was named, it answers everybody. */
export function createPeople() {
  const people = new Map<string, Person>()
  let allows: (question: Question) => boolean = () => true
  return {
    /** From the first one on, nobody else is known. */
    know(token: string, person: Person) {
      people.set(token, person)
    },
    /** What reviews of rights say; it is done all the same. */
    allow(rule: typeof allows) {
      allows = rule
    },
    /** Throws what real ones say to tokens they do not know. */
    authenticate(authorization: string | undefined): string {
      const token = authorization?.replace(/^Bearer /, '') ?? ''
      if (people.size > 0 && token !== ENGINE_TOKEN && !people.has(token)) {
        throw new Refusal(401, 'Unauthorized', 'Unauthorized')
      }
      return token
    },
    /** Answers a review of the caller's own; undefined when the request is none. */
    review(path: string, token: string, body: Json): object | undefined {
      const { name = 'engine', groups = [], extra = {} } = people.get(token) ?? {}
      if (path.endsWith('/selfsubjectreviews')) {
        return { ...(body as object), status: { userInfo: { username: name, groups, extra } } }
      }
      if (!path.endsWith('/selfsubjectaccessreviews')) return undefined
      const { spec } = body as { spec: { resourceAttributes: Omit<Question, 'token'> } }
      return { ...(body as object), status: { allowed: allows({ ...spec.resourceAttributes, token }) } }
    },
  }
}

export const ENGINE_TOKEN = 'engine-token'
