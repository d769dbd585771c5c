import type { Hosts } from '../../../crds/hosts.ts'
import type { Affinity, Revision } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'
import type { RouteDestination } from '../destinations.ts'
import type { HttpRoute } from '../virtual-service.ts'

type Operations = { add?: Record<string, string>; set?: Record<string, string>; remove?: string[] }
type Headers = { response?: Operations }

export type Giving = {
  /** The user's route that the list is of. */
  route: HttpRoute
  list: RouteDestination[]
  hosts: Hosts
}

/**
 * Each of our destinations with an answer header of its own. Throws `Unroutable` where the user's route replaces or removes
 * what it would set.
 */
export function givingCookie(
  { route, list, hosts }: Giving,
  { cookie, maxAgeMs }: Affinity,
  gives: Record<Revision, string>,
): RouteDestination[] {
  refuseReplaced(route.headers as Headers | undefined)
  return list.map((entry) => {
    const owner = hosts.ownerOf(entry.destination)
    if (owner.kind !== 'revision') return entry
    const headers = entry['headers'] as Headers | undefined
    refuseReplaced(headers)
    const value = `${cookie}=${gives[owner.revision]}; Path=/; Max-Age=${Math.ceil(maxAgeMs / 1_000)}; HttpOnly; SameSite=Lax`
    const add = headers?.response?.add ?? {}
    const response = { ...headers?.response, add: { ...add, [freeSpelling(add)]: value } }
    return { ...entry, headers: { ...headers, response } }
  })
}

/** A map has one value per key, answers may have several of this header: another spelling is another key. */
const freeSpelling = (taken: Record<string, string>): string =>
  ['set-cookie', 'Set-Cookie', 'SET-COOKIE'].find((name) => !(name in taken)) ?? 'Set-cookie'

function refuseReplaced({ response }: Headers = {}): void {
  const names = [...Object.keys(response?.set ?? {}), ...(response?.remove ?? [])]
  if (!names.some((name) => name.toLowerCase() === 'set-cookie')) return
  const words = 'the route replaces or removes set-cookie in its answers, so no cookie can keep clients where they are'
  throw routeError('Unroutable', words)
}
