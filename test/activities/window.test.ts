import { expect, it } from 'vitest'
import { lookWhenOpen } from '../../activities/window.ts'

const allow = [{ hours: '09:00-17:00', timezone: 'Europe/Berlin' }]
const ref = { namespace: 'shop', name: 'checkout' }
const looked = (at: string) => lookWhenOpen({ now: () => Date.parse(at) }, { ref, allow })

it('a window that is open is said to be', async () => {
  expect((await looked('2026-11-20T08:00:00Z')).isOpen).toBe(true)
})

it('one that is closed is said to open at its first moment', async () => {
  expect(await looked('2026-11-20T07:59:30Z')).toEqual({ isOpen: false, opensAt: Date.parse('2026-11-20T08:00:00Z') })
})
