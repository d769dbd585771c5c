import { expect, it } from 'vitest'
import { createSparing } from '../../telemetry/index.ts'

it('lets the same words through once, and again after a minute', () => {
  let now = 0
  const isDue = createSparing(() => now)
  expect([isDue('Temporal is away'), isDue('Temporal is away'), isDue('something else')]).toEqual([true, false, true])
  now = 59_999
  expect(isDue('Temporal is away')).toBe(false)
  now = 60_000
  expect([isDue('Temporal is away'), isDue('Temporal is away')]).toEqual([true, false])
})
