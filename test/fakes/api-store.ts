import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../kube/types.ts'
import { applyFields, mergePatch, type Json } from './api-merge.ts'

/** Collection, e.g. `apps/v1/deployments` or `/v1/pods`; a namespace narrows it. */
export type Place = { collection: string; namespace?: string }
export type Stored = KubeObject & { spec?: unknown; status?: unknown } & Record<string, unknown>
export type Change = { version: number; type: 'ADDED' | 'MODIFIED' | 'DELETED'; place: Place; object: Stored }

export class Refusal extends Error {
  readonly code: number
  readonly reason: string
  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export type Store = ReturnType<typeof createStore>

/** Objects, one resourceVersion counter, and the history that watches are served from. */
export function createStore() {
  const objects = new Map<string, { place: Place; object: Stored }>()
  const applied = new Map<string, Json>()
  const listeners = new Set<(change: Change) => void>()
  let history: Change[] = []
  let version = 100
  let oldest = 0
  let dry = false

  const keyOf = ({ collection, namespace = '' }: Place, name: string) => `${collection}|${namespace}|${name}`

  function commit(type: Change['type'], place: Place, object: Stored): Stored {
    if (dry) return structuredClone(object)
    version += 1
    object.metadata.resourceVersion = String(version)
    const key = keyOf(place, object.metadata.name)
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, { place, object })
    const change = { version, type, place, object: structuredClone(object) }
    history.push(change)
    for (const listener of listeners) listener(change)
    return structuredClone(object)
  }

  function read(place: Place, name: string): Stored {
    const found = objects.get(keyOf(place, name))
    if (!found) throw new Refusal(404, 'NotFound', `${place.collection} "${name}" not found`)
    return structuredClone(found.object)
  }

  function create(place: Place, object: Stored): Stored {
    const { generateName } = object.metadata as { generateName?: string }
    const name = object.metadata.name || `${generateName}${crypto.randomUUID().slice(0, 5)}`
    if (objects.has(keyOf(place, name))) {
      throw new Refusal(409, 'AlreadyExists', `${place.collection} "${name}" already exists`)
    }
    const metadata = {
      ...structuredClone(object.metadata),
      name,
      uid: crypto.randomUUID(),
      generation: 1,
      creationTimestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
    }
    return commit('ADDED', place, { ...structuredClone(object), metadata })
  }

  /** As real servers do: status only through its subresource, generation on spec changes, nothing when nothing changes. */
  function update(place: Place, name: string, change: (object: Stored) => Json, subresource?: string): Stored {
    const current = read(place, name)
    const next = change(structuredClone(current)) as unknown as Stored
    const wanted = next.metadata.resourceVersion
    if (wanted !== undefined && wanted !== current.metadata.resourceVersion) {
      throw new Refusal(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${place.collection} "${name}": the object has been modified`,
      )
    }
    const { uid, generation = 1, creationTimestamp, resourceVersion } = current.metadata
    const merged: Stored =
      subresource === 'status' ? { ...current, status: next.status } : { ...next, status: current.status }
    merged.metadata = { ...merged.metadata, uid: uid!, generation, creationTimestamp: creationTimestamp! }
    if (!isDeepStrictEqual(merged.spec, current.spec)) merged.metadata.generation = generation + 1
    merged.metadata.resourceVersion = resourceVersion!
    if (merged.status === undefined) delete merged.status
    if (isDeepStrictEqual(merged, current)) return current
    if (merged.metadata.deletionTimestamp && !merged.metadata.finalizers?.length)
      return commit('DELETED', place, merged)
    return commit('MODIFIED', place, merged)
  }

  function apply(place: Place, name: string, manager: string, object: Json, subresource?: string): Stored {
    const key = `${keyOf(place, name)}|${manager}|${subresource ?? ''}`
    if (!objects.has(keyOf(place, name))) {
      if (subresource) read(place, name)
      if (!dry) applied.set(key, object)
      return create(place, object as unknown as Stored)
    }
    const result = update(
      place,
      name,
      (current) => applyFields(current as unknown as Json, applied.get(key), object),
      subresource,
    )
    if (!dry) applied.set(key, object)
    return result
  }

  /** What would be stored, and nothing is. */
  function rehearse<T>(write: () => T): T {
    dry = true
    try {
      return write()
    } finally {
      dry = false
    }
  }

  function remove(place: Place, name: string, uid?: string): Stored {
    const object = read(place, name)
    if (uid !== undefined && uid !== object.metadata.uid) {
      throw new Refusal(409, 'Conflict', `the UID in the precondition (${uid}) does not match`)
    }
    if (!object.metadata.finalizers?.length) return commit('DELETED', place, object)
    object.metadata.deletionTimestamp ??= new Date().toISOString()
    return commit('MODIFIED', place, object)
  }

  return {
    read,
    create,
    apply,
    rehearse,
    remove,
    merge: (place: Place, name: string, patch: Json, subresource?: string) =>
      update(place, name, (current) => mergePatch(current as unknown as Json, patch), subresource),
    replace: (place: Place, name: string, object: Json, subresource?: string) =>
      update(place, name, () => object, subresource),
    list: (place: Place) =>
      [...objects.values()].filter((entry) => inPlace(entry.place, place)).map((entry) => entry.object),
    version: () => version,
    /** Forgets the history: whoever watches from before gets 410. */
    compact() {
      history = []
      oldest = version
    },
    since(from: number): Change[] {
      if (from < oldest) throw new Refusal(410, 'Expired', `too old resource version: ${from} (${oldest})`)
      return history.filter((change) => change.version > from)
    },
    onChange(listener: (change: Change) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const inPlace = (object: Place, wanted: Place): boolean =>
  object.collection === wanted.collection && (wanted.namespace === undefined || object.namespace === wanted.namespace)
