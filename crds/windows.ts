/** When changes are welcome, on the clock of a place. */
export type Window = {
  /** As `Mon`; every day where absent. */
  days?: string[]
  /** `09:00-17:00`; the end does not belong to it. `22:00-04:00` begins on the day and ends on the next. */
  hours: string
  /** IANA name, for example Europe/Berlin. */
  timezone: string
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MINUTE_MS = 60_000
const DAY = 24 * 60
/** Whatever opens at all opens within a week, unless clocks skip it: then in the next. */
const FARTHEST_MS = 15 * DAY * MINUTE_MS

/**
 * The first moment from `at` on at which any of these is open, epoch milliseconds; `at` itself where one is. Clocks that
 * are set forward skip what they skip, those that are set back repeat it. Throws a sentence for an unknown time zone, and
 * where nothing opens within two weeks.
 */
export function nextOpening(windows: Window[], at: number): number {
  return Math.min(...windows.map((window) => openingOf(window, at)))
}

/** Throws a sentence where nobody knows this time zone. */
export function checkTimezone(timezone: string): void {
  clockOf(timezone)
}

/** As people write it: `Mon, Tue 09:00-17:00 Europe/Berlin`. */
export const windowWords = (windows: Window[]): string =>
  windows.map(({ days, hours, timezone }) => [...(days ? [days.join(', ')] : []), hours, timezone].join(' ')).join('; ')

function openingOf(window: Window, at: number): number {
  const clock = clockOf(window.timezone)
  if (minutesUntil(window, clock(at)) === 0) return at
  // Offsets are whole minutes: nothing opens within one.
  let moment = Math.floor(at / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  while (moment - at <= FARTHEST_MS) {
    const minutes = minutesUntil(window, clock(moment))
    if (minutes === 0) return moment
    moment += evenMinutes(clock, moment, minutes) * MINUTE_MS
  }
  throw new Error(`the window ${windowWords([window])} does not open within two weeks`)
}

type Wall = { day: number; minute: number }

/** At most so many that nobody sets the clock meanwhile, one at least. */
function evenMinutes(clock: (at: number) => Wall, at: number, most: number): number {
  const wall = (moment: number): number => clock(moment).day * DAY + clock(moment).minute
  const isEven = (minutes: number): boolean => wall(at + minutes * MINUTE_MS) === (wall(at) + minutes) % (7 * DAY)
  let minutes = most
  while (minutes > 1 && !isEven(minutes)) minutes = Math.floor(minutes / 2)
  return minutes
}

/** On that clock, if nobody set it meanwhile; 0 while it is open. */
function minutesUntil({ days = DAYS, hours }: Window, { day, minute }: Wall): number {
  const [from = 0, to = 0] = hours.split('-').map(minuteOf)
  const lasts = to > from ? to - from : to + DAY - from
  const opens = days.map((name) => (DAYS.indexOf(name) - day) * DAY + from - minute)
  const ahead = opens
    .map((until) => (until <= -lasts ? until + 7 * DAY : until))
    .map((until) => (until - 7 * DAY > -lasts ? until - 7 * DAY : until))
  return Math.max(0, Math.min(...ahead))
}

function minuteOf(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return hour * 60 + minute
}

function clockOf(timeZone: string): (at: number) => Wall {
  const format = formatOf(timeZone)
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    return { day: DAYS.indexOf(parts['weekday'] ?? ''), minute: Number(parts['hour']) * 60 + Number(parts['minute']) }
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  } catch {
    throw new Error(`nobody knows the time zone ${timeZone}; name one of the IANA database, for example Europe/Berlin`)
  }
}
