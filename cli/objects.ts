import type { KubeObject } from '../kube/index.ts'

/** What no person wants to read is left out. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Anything, for machines; ends with a line break. */
export async function written(what: unknown, output: 'json' | 'yaml'): Promise<string> {
  if (output === 'json') return `${JSON.stringify(what, undefined, 2)}\n`
  const { stringify } = await import('yaml')
  return stringify(what, { aliasDuplicateObjects: false })
}
