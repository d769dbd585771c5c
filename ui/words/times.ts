const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY

/** How long ago, or until when, in one unit; calm enough to be looked at all day: nothing below a minute counts seconds. */
export function relative(at: number, now: number): string {
  const distance = Math.abs(now - at)
  if (distance < 10 * SECOND) return 'now'
  const words = distance < MINUTE ? 'under a min' : span(distance)
  return at <= now ? `${words} ago` : `in ${words}`
}

/** A length of time in at most two units: `2 h 5 min`. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return two(ms, [HOUR, 'h'], [MINUTE, 'min'])
  return ms < WEEK ? two(ms, [DAY, 'd'], [HOUR, 'h']) : `${Math.floor(ms / DAY)} d`
}

// Made once: each is as dear as drawing ten rows.
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'long' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** The whole truth about a moment, for titles: local time with its zone. */
export const absolute = (at: number): string => WHOLE.format(at)

/** `14:03:05` */
export const clock = (at: number): string => CLOCK.format(at)

/** `14:03:05`, and the day before it when that was not today. */
export function moment(at: number, now: number): string {
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clock(at)
  return `${DAY_OF_YEAR.format(at)} ${clockMinutes(at)}`
}

/** What the engine says has moments for every time zone; here they are those of the reader, and no number ends a line in its middle. */
export const local = (words: string): string =>
  words
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (found) => moment(Date.parse(found), Date.now()))
    .replace(/(?<=\d) (?=\d{3}(?!\d))/g, '\u202F')
    .replace(/(?<=\d) (?=%|: \d)|(?<=\d : ?) (?=\d)/g, '\u00A0')

/** `14:03` */
export const clockMinutes = (at: number): string => clock(at).slice(0, 5)

function two(ms: number, [big, bigUnit]: [number, string], [small, smallUnit]: [number, string]): string {
  const rest = Math.floor((ms % big) / small)
  return `${Math.floor(ms / big)} ${bigUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`
}
