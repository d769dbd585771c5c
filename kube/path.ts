import type { Ref, Resource } from './types.ts'

type Query = Record<string, string | number | boolean | undefined>

/** Path of a collection, over all namespaces when a namespaced kind comes without one. */
export function collectionPath(resource: Resource, namespace: string | undefined, query: Query = {}): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${scope}/${resource.plural}${queryOf(query)}`
}

/** Throws when a namespaced kind comes without namespace: the request would go to another URL and be refused oddly. */
export function creationPath(resource: Resource, namespace: string | undefined, query: Query = {}): string {
  if (resource.namespaced && !namespace) throw new Error(`a ${resource.kind} needs a namespace`)
  return collectionPath(resource, namespace, query)
}

/** Throws as `creationPath` does. */
export function objectPath({ resource, namespace, name }: Ref, subresource?: string, query: Query = {}): string {
  const sub = subresource === undefined ? '' : `/${subresource}`
  return `${creationPath(resource, namespace)}/${encodeURIComponent(name)}${sub}${queryOf(query)}`
}

export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)

function queryOf(query: Query): string {
  const set = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') set.append(name, String(value))
  }
  return set.size === 0 ? '' : `?${set.toString()}`
}
