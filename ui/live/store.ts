import { useEffect, useState } from 'preact/hooks'

/** A value that can be watched. */
export type Store<T> = {
  get(): T
  set(next: T): void
  /** Returns how to stop. */
  watch(listener: () => void): () => void
}

export type Watchable<T> = Pick<Store<T>, 'get' | 'watch'>

export function storeOf<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of listeners) listener()
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The value, or the part of it that `pick` takes: the component is drawn again only when that part is another one. */
export function useStore<T>(store: Watchable<T>): T
export function useStore<T, P>(store: Watchable<T>, pick: (value: T) => P): P
export function useStore<T, P>(store: Watchable<T>, pick: (value: T) => T | P = (value) => value): T | P {
  const [part, setPart] = useState<{ now: T | P }>(() => ({ now: pick(store.get()) }))
  useEffect(() => {
    const look = () => {
      const now = pick(store.get())
      setPart((before) => (Object.is(before.now, now) ? before : { now }))
    }
    look()
    return store.watch(look)
  }, [store])
  return part.now
}
