import { reflect, type KubeObject, type ReflectOptions } from '../kube/index.ts'

/** One kind of object, kept current by one watch and sorted by the Rollout it belongs to. */
export type Shelf<T> = {
  synced: Promise<void>
  /** By `namespace/name` of the Rollout. */
  of(rollout: string): T[]
  lastActivity(): number
  stop(): Promise<void>
}

export type ShelfOptions<T extends KubeObject> = Omit<ReflectOptions<T>, 'onChange'> & {
  /** Name of the Rollout, in the same namespace; undefined for what belongs to none. */
  rolloutOf: (object: T) => string | undefined
  /** With `namespace/name` of the Rollout of which something changed. */
  onChange: (rollout: string) => void
}

export function openShelf<T extends KubeObject>({ rolloutOf, onChange, ...options }: ShelfOptions<T>): Shelf<T> {
  const places = new Map<string, Map<string, T>>()
  const placeOf = new Map<string, string>()

  function put(key: string): void {
    const object = reflector.get(key)
    const rollout = object && rolloutKey(object, rolloutOf(object))
    const before = placeOf.get(key)
    if (before !== undefined && before !== rollout) take(key, before)
    if (object === undefined || rollout === undefined) return
    const place = places.get(rollout) ?? new Map<string, T>()
    places.set(rollout, place.set(key, object))
    placeOf.set(key, rollout)
    onChange(rollout)
  }

  function take(key: string, rollout: string): void {
    const place = places.get(rollout)
    place?.delete(key)
    if (place?.size === 0) places.delete(rollout)
    placeOf.delete(key)
    onChange(rollout)
  }

  const reflector = reflect<T>({ ...options, onChange: put })
  return {
    synced: reflector.synced,
    of: (rollout) => [...(places.get(rollout)?.values() ?? [])],
    lastActivity: () => reflector.lastActivity(),
    stop: () => reflector.stop(),
  }
}

const rolloutKey = ({ metadata }: KubeObject, name: string | undefined): string | undefined =>
  name === undefined ? undefined : `${metadata.namespace ?? ''}/${name}`
