import { MAX_MESSAGE_CHARS, MAX_TIMELINE } from '../crds/bounds.ts'
import type { ReleaseStatus } from '../crds/schema/release.ts'

export type Entry = NonNullable<ReleaseStatus['timeline']>[number]

/** `at`: epoch milliseconds. */
export const entryOf = (at: number, { event, message, detail }: Omit<Entry, 'at'>): Entry => ({
  at: new Date(at).toISOString(),
  event,
  message: cut(message),
  ...(detail === undefined ? {} : { detail: cut(detail) }),
})

/** What is told already is not told twice; whoever saw it himself told it first, with what others wrote about it. */
export function extended(timeline: Entry[], entry: Entry): Entry[] {
  const last = timeline.at(-1)
  const isLast = last?.detail !== undefined && last.event === entry.event && last.message === entry.message
  const told = isLast || timeline.some((each) => each.at === entry.at && each.event === entry.event)
  return told ? timeline : [...timeline, entry].slice(-MAX_TIMELINE)
}

export const cut = (text: string): string =>
  text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS - 1)}…`
