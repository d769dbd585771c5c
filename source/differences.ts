import type { KubeObject } from '../kube/index.ts'

const MOST = 20

/** Paths of the fields in which an object would be another one; at most 20. What the server itself writes is left out. */
export function differences(live: KubeObject, wanted: KubeObject): string[] {
  const found: string[] = []
  compare(comparable(live), comparable(wanted), '', found)
  return found.slice(0, MOST)
}

function comparable(object: KubeObject): unknown {
  const { status: _, ...rest } = object as KubeObject & { status?: unknown }
  const { managedFields: _m, resourceVersion: _r, generation: _g, ...metadata } = object.metadata
  return { ...rest, metadata }
}

function compare(one: unknown, other: unknown, path: string, found: string[]): void {
  if (Object.is(one, other)) return
  if (!isContainer(one) || !isContainer(other) || Array.isArray(one) !== Array.isArray(other)) {
    found.push(path.slice(0, 512))
    return
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const name = Array.isArray(one) ? `${path}[${key}]` : `${path}${path && '.'}${key}`
    compare((one as Fields)[key], (other as Fields)[key], name, found)
  }
}

type Fields = { [key: string]: unknown }
const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null
