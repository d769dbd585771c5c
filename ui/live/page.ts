import type { ReleasePage } from '../../api/views.ts'
import { linked } from './fleet.ts'
import { storeOf } from './store.ts'
import { openStream, type Line } from './stream.ts'

export type Watched = Line & { page?: ReleasePage }

/** The Rollout that is looked at. */
export const watched = storeOf<Watched>({ link: 'connecting' })

/** Follows one Rollout with its release, whole on every change, until the returned function is called. */
export function followPage(namespace: string, name: string): () => void {
  const { page } = watched.get()
  const isSame = page?.rollout.key === `${namespace}/${name}`
  watched.set({ link: 'connecting', ...(isSame ? { page } : {}) })
  const close = openStream({
    url: `${rolloutPath(namespace, name)}/stream`,
    onMessage({ event, data }) {
      if (event === 'page') watched.set({ ...watched.get(), page: JSON.parse(data) as ReleasePage })
    },
    onLink: (link, refusal) => watched.set(linked(watched.get(), link, refusal)),
  })
  return () => {
    close()
    watched.set(linked(watched.get(), 'connecting'))
  }
}

export const rolloutPath = (namespace: string, name: string): string =>
  `/api/rollouts/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
