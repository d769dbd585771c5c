import { array, assert, constantFrom, integer, property, record, subarray } from 'fast-check'
import { expect, it } from 'vitest'
import { checkTimezone, nextOpening, windowWords, type Window } from '../../crds/windows.ts'

const MINUTE_MS = 60_000
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const OFFICE: Window = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], hours: '09:00-17:00', timezone: 'Europe/Berlin' }

const opens = (window: Window, at: string): string => new Date(nextOpening([window], Date.parse(at))).toISOString()

it.for<[string, Partial<Window>, at: string, opens: string]>([
  ['is open from its first minute', {}, '2026-11-20T08:00:00.000Z', '2026-11-20T08:00:00.000Z'],
  ['to its last', {}, '2026-11-20T15:59:59.999Z', '2026-11-20T15:59:59.999Z'],
  ['opens again on the next day', {}, '2026-11-19T16:00:00.000Z', '2026-11-20T08:00:00.000Z'],
  ['on Monday after the weekend', {}, '2026-11-20T16:00:00.000Z', '2026-11-23T08:00:00.000Z'],
  ['by the clock of summer', {}, '2026-07-03T06:00:00.000Z', '2026-07-03T07:00:00.000Z'],
  ['an hour earlier after clocks were set forward', {}, '2026-03-27T16:00:00.000Z', '2026-03-30T07:00:00.000Z'],
  ['an hour later after they were set back', {}, '2026-10-23T15:00:00.000Z', '2026-10-26T08:00:00.000Z'],
  [
    'in the night that its day begins',
    { days: ['Fri'], hours: '22:00-04:00' },
    '2026-11-21T02:59:00.000Z',
    '2026-11-21T02:59:00.000Z',
  ],
  [
    'not in the night before',
    { days: ['Sat'], hours: '22:00-04:00' },
    '2026-11-21T02:00:00.000Z',
    '2026-11-21T21:00:00.000Z',
  ],
  [
    'on every day where none is named',
    { days: undefined, hours: '00:00-24:00' } as never,
    '2026-11-22T12:34:56.789Z',
    '2026-11-22T12:34:56.789Z',
  ],
  [
    'in the next week where clocks skip it',
    { days: ['Sun'], hours: '02:15-02:45' },
    '2026-03-29T00:00:00.000Z',
    '2026-04-05T00:15:00.000Z',
  ],
  [
    'twice in the hour that clocks repeat',
    { days: ['Sun'], hours: '02:15-02:45' },
    '2026-10-25T00:45:00.000Z',
    '2026-10-25T01:15:00.000Z',
  ],
])('a window %s', ([, change, at, expected]) => {
  expect(opens({ ...OFFICE, ...change }, at)).toBe(expected)
})

it('of several windows the first that opens counts', () => {
  const night = { ...OFFICE, days: ['Sat'], hours: '22:00-23:00' }
  const at = Date.parse('2026-11-21T00:00:00Z')
  expect(nextOpening([OFFICE, night], at)).toBe(Date.parse('2026-11-21T21:00:00Z'))
  expect(windowWords([OFFICE, night])).toBe(
    'Mon, Tue, Wed, Thu, Fri 09:00-17:00 Europe/Berlin; Sat 22:00-23:00 Europe/Berlin',
  )
})

it('a time zone that nobody knows is said', () => {
  expect(() => checkTimezone('Europe/Atlantis')).toThrow('nobody knows the time zone Europe/Atlantis')
})

/** Where clocks are set at other times, by half an hour, over midnight, or never. */
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu']
const CHANGES = [
  '2026-03-08T06:00Z',
  '2026-03-29T00:00Z',
  '2026-04-04T14:00Z',
  '2026-09-06T03:00Z',
  '2026-10-25T00:00Z',
  '2026-11-01T05:00Z',
]

it('nothing is open before it opens, and the wall clock agrees that it does, also when clocks are set', () => {
  const clock = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
  const window = record({
    days: subarray(DAYS, { minLength: 1 }),
    from: integer({ min: 0, max: 1_439 }),
    lasts: integer({ min: 1, max: 1_439 }),
    timezone: constantFrom(...ZONES),
  })
  const moment = record({ around: constantFrom(...CHANGES), minutes: integer({ min: -3_000, max: 600 }) })
  assert(
    property(array(window, { minLength: 1, maxLength: 2 }), moment, (drawn, { around, minutes }) => {
      const windows = drawn.map(({ days, from, lasts, timezone }): Window => ({
        days,
        hours: `${clock(from)}-${clock((from + lasts) % 1_440)}`,
        timezone,
      }))
      const at = Date.parse(around) + minutes * MINUTE_MS
      const next = nextOpening(windows, at)
      expect(windows.some((each) => isOpenByTheWall(each, next))).toBe(true)
      const looked = Math.min(next, at + 2_000 * MINUTE_MS)
      for (let before = at; before < looked; before += MINUTE_MS) {
        if (windows.some((each) => isOpenByTheWall(each, before)))
          throw new Error(`open at ${new Date(before).toISOString()}`)
      }
    }),
    { numRuns: 60 },
  )
})

const walls = new Map<string, Intl.DateTimeFormat>()

/** Another way to ask: the words of a clock on the wall, compared as texts. */
function isOpenByTheWall({ days = DAYS, hours, timezone }: Window, at: number): boolean {
  const known = walls.get(timezone)
  const wall =
    known ??
    new Intl.DateTimeFormat('en-GB', { timeZone: timezone, weekday: 'short', hour: '2-digit', minute: '2-digit' })
  walls.set(timezone, wall)
  const [day = '', time = ''] = wall.format(at).split(/,? (?=\d)/)
  const [from = '', to = ''] = hours.split('-')
  const before = DAYS[(DAYS.indexOf(day) + 6) % 7] ?? ''
  if (from < to) return days.includes(day) && from <= time && time < to
  return (days.includes(day) && from <= time) || (days.includes(before) && time < to)
}
