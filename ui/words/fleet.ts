import type { RolloutView } from '../../api/views.ts'
import { plural } from './figures.ts'
import { isMoving, moodOf } from './states.ts'

export type Filter = { text: string; namespace: string; state: '' | 'need' | 'moving' | 'bad' | 'rest' }

/** What needs a person first, then what moves, then what went back, then what rests. */
export type Groups = Record<'need' | 'moving' | 'bad' | 'rest', RolloutView[]>

export const GROUP_WORDS: Record<keyof Groups, string> = {
  need: 'Needs a person',
  moving: 'Under way',
  bad: 'Went back',
  rest: 'At rest',
}

export function groupOf(one: RolloutView): keyof Groups {
  if (one.need !== undefined) return 'need'
  if (isMoving(one.phase) || one.phase === 'RollingBack') return 'moving'
  return moodOf(one.phase).tone === 'bad' ? 'bad' : 'rest'
}

export const waiting = (rollouts: Iterable<RolloutView>): RolloutView[] =>
  [...rollouts].filter((one) => one.need !== undefined)

/** Longest waiting first, and what went back last; what moves and what rests keeps its place, by name. */
export function grouped(rollouts: Iterable<RolloutView>, filter: Filter): Groups {
  const groups: Groups = { need: [], moving: [], bad: [], rest: [] }
  for (const one of rollouts) if (fits(one, filter)) groups[groupOf(one)].push(one)
  groups.need.sort((one, other) => order(one.since, other.since) || byName(one, other))
  groups.moving.sort(byName)
  groups.bad.sort((one, other) => order(other.since, one.since) || byName(one, other))
  groups.rest.sort(byName)
  return groups
}

/** The fleet in one sentence: what a person has to do comes first. */
export function fleetSentence({ need, moving, bad, rest }: Groups): string {
  const all = need.length + moving.length + bad.length + rest.length
  if (all === 0) return 'Nothing fits.'
  const parts = [
    need.length === 0
      ? 'Nothing waits for a person'
      : `${plural(need.length, 'Rollout waits', 'Rollouts wait')} for a person`,
    ...(moving.length > 0 ? [`${plural(moving.length, 'is', 'are')} under way`] : []),
    ...(bad.length > 0 ? [`${plural(bad.length, 'went', 'went')} back`] : []),
    ...(rest.length > 0 ? [plural(rest.length, 'rests', 'rest')] : []),
  ]
  return `${parts.join(', ').replace(/, (?=[^,]*$)/, ' and ')}.`
}

const byName = (one: RolloutView, other: RolloutView): number =>
  order(one.name, other.name) || order(one.namespace, other.namespace)

/** Names are ASCII here, and moments of one form. */
const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

function fits(one: RolloutView, { text, namespace, state }: Filter): boolean {
  if (namespace && one.namespace !== namespace) return false
  if (state && groupOf(one) !== state) return false
  if (!text) return true
  const words = [one.key, moodOf(one.phase).word, one.author, one.commit, one.canary, one.stable, ...one.images]
  const heap = words.join(' ').toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => heap.includes(word))
}
