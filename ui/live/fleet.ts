import type { RolloutView } from '../../api/views.ts'
import { storeOf } from './store.ts'
import { openStream, type Line, type Link, type Refusal } from './stream.ts'

export type Fleet = Line & {
  /** Nothing has come yet. */
  empty: boolean
  rollouts: ReadonlyMap<string, RolloutView>
}

const NOTHING: Fleet = { empty: true, rollouts: new Map(), link: 'connecting' }

/** Changes that come together are drawn together, and never so many that a person would have to wait for the page. */
const GATHER_MS = 30
const MOST_AT_ONCE = 50

/** All Rollouts that the caller may see; what was seen last stays while another screen is open. */
export const fleet = storeOf<Fleet>(NOTHING)

/** Follows them until the returned function is called. */
export function followFleet(): () => void {
  const changed = new Map<string, RolloutView | undefined>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    const some = [...changed].slice(0, MOST_AT_ONCE)
    for (const [key] of some) changed.delete(key)
    timer = changed.size > 0 ? setTimeout(show, GATHER_MS) : undefined
    fleet.set({ ...fleet.get(), rollouts: changedBy(fleet.get().rollouts, some) })
  }
  const change = (key: string, to?: RolloutView) => {
    changed.set(key, to)
    timer ??= setTimeout(show, GATHER_MS)
  }
  const close = openStream({
    url: '/api/stream',
    onMessage({ event, data }) {
      if (event === 'rollout') {
        const one = JSON.parse(data) as RolloutView
        change(one.key, one)
      } else if (event === 'gone') change((JSON.parse(data) as { key: string }).key)
      else if (event === 'snapshot') {
        changed.clear()
        const { rollouts } = JSON.parse(data) as { rollouts: RolloutView[] }
        fleet.set({ ...fleet.get(), empty: false, rollouts: new Map(rollouts.map((one) => [one.key, one])) })
      }
    },
    onLink: (link, refusal) => fleet.set(linked(fleet.get(), link, refusal)),
  })
  return () => {
    clearTimeout(timer)
    close()
    fleet.set(linked(fleet.get(), 'connecting'))
  }
}

function changedBy(rollouts: Fleet['rollouts'], changes: [string, RolloutView | undefined][]): Fleet['rollouts'] {
  const next = new Map(rollouts)
  for (const [key, to] of changes) {
    if (to) next.set(key, to)
    else next.delete(key)
  }
  return next
}

/** The same state with another line to the server; the same object where nothing is new. */
export function linked<T extends Line>(state: T, link: Link, refusal?: Refusal): T {
  if (state.link === link) return state
  const { lostAt: before, refusal: _, ...rest } = state
  const lost = link === 'lost' || (link === 'connecting' && before !== undefined)
  return { ...rest, link, ...(lost ? { lostAt: before ?? Date.now() } : {}), ...(refusal ? { refusal } : {}) } as T
}
