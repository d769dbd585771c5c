import type { RolloutView } from '../../api/views.ts'
import { storeOf } from './store.ts'
import { openStream, type Line, type Link, type Refusal } from './stream.ts'

export type Fleet = Line & {
  /** Nothing has come yet. */
  empty: boolean
  rollouts: ReadonlyMap<string, RolloutView>
}

const NOTHING: Fleet = { empty: true, rollouts: new Map(), link: 'connecting' }

/** Changes that come together are drawn together: two hundred a second are twenty drawings. */
const GATHER_MS = 50

/** All Rollouts that the caller may see; what was seen last stays while another screen is open. */
export const fleet = storeOf<Fleet>(NOTHING)

/** Follows them until the returned function is called. */
export function followFleet(): () => void {
  const known = new Map<string, RolloutView>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    timer = undefined
    fleet.set({ ...fleet.get(), empty: false, rollouts: new Map(known) })
  }
  const close = openStream({
    url: '/api/stream',
    onMessage({ event, data }) {
      if (event === 'snapshot') {
        known.clear()
        for (const one of (JSON.parse(data) as { rollouts: RolloutView[] }).rollouts) known.set(one.key, one)
      } else if (event === 'rollout') {
        const one = JSON.parse(data) as RolloutView
        known.set(one.key, one)
      } else if (event === 'gone') known.delete((JSON.parse(data) as { key: string }).key)
      else return
      timer ??= setTimeout(show, GATHER_MS)
    },
    onLink: (link, refusal) => fleet.set(linked(fleet.get(), link, refusal)),
  })
  return () => {
    clearTimeout(timer)
    close()
    fleet.set(linked(fleet.get(), 'connecting'))
  }
}

/** The same state with another line to the server; the same object where nothing is new. */
export function linked<T extends Line>(state: T, link: Link, refusal?: Refusal): T {
  if (state.link === link) return state
  const { lostAt: before, refusal: _, ...rest } = state
  const lost = link === 'lost' || (link === 'connecting' && before !== undefined)
  return { ...rest, link, ...(lost ? { lostAt: before ?? Date.now() } : {}), ...(refusal ? { refusal } : {}) } as T
}
