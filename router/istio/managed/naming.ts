import type { HttpRoute } from '../virtual-service.ts'

/** A route of our own, and what it is for. */
export type Clone = { purpose: string; route: HttpRoute }

/** Purpose of the one that carries the weights instead of the named route. */
export const AMONG = 'among'

export const named = ({ purpose, route }: Clone, prefix: string, key: string): HttpRoute => ({
  ...route,
  name: nameOf(prefix, key, purpose),
})

export const isManaged = ({ name }: HttpRoute, prefix: string): boolean => name?.startsWith(prefix) ?? false

export const managedNames = (http: HttpRoute[] | undefined, prefix: string): string[] =>
  (http ?? []).flatMap(({ name }) => (name?.startsWith(prefix) ? name : []))

/** The route of our own that carries the weights instead of the named one, where they are for some requests only. */
export const amongRoute = (prefix: string, key: string): string => nameOf(prefix, key, AMONG)

const nameOf = (prefix: string, key: string, purpose: string): string => `${prefix}${key}.${purpose}`
