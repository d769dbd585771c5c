import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../crds/duration.ts'

it.each([
  ['0s', 0],
  ['500ms', 500],
  ['15s', 15_000],
  ['1h30m', 5_400_000],
  ['1m1s1ms', 61_001],
])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

it.each(['', '5', '-5s', '1.5s', '1d', '5 s', '100000s', '1s1s1s1s1s'])(
  'refuses %j with an example of what to write',
  (text) => expect(() => parseDuration(text)).toThrow('write for example 500ms'),
)

it('reads back what it writes, to two units', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_599 }), (s) => {
      expect(parseDuration(formatDuration(s * 1_000))).toBe(s * 1_000)
    }),
  )
})
