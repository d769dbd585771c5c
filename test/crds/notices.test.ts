import { expect, test } from 'vitest'
import { channelsFor } from '../../crds/notices.ts'

const promoted = { type: 'Normal', reason: 'Promoted' } as const
const holding = { type: 'Warning', reason: 'Holding' } as const
const weightSet = { type: 'Normal', reason: 'WeightSet' } as const

test('who chose nothing hears how it ends and what waits for somebody, and no weights', () => {
  const notify = [{ channel: 'shop', severity: 'info' } as const]
  expect(channelsFor(notify, promoted)).toEqual(['shop'])
  expect(channelsFor(notify, holding)).toEqual(['shop'])
  expect(channelsFor(notify, weightSet)).toEqual([])
})

test('who wants warnings hears nothing that is as expected', () => {
  const notify = [{ channel: 'pager', severity: 'warning' } as const]
  expect(channelsFor(notify, promoted)).toEqual([])
  expect(channelsFor(notify, holding)).toEqual(['pager'])
})

test('a channel that is named twice is told once', () => {
  const notify = [
    { channel: 'shop', severity: 'info', on: ['All'] },
    { channel: 'shop', severity: 'info', on: ['WeightSet'] },
    { channel: 'audit', severity: 'info', on: ['WeightSet'] },
  ] as const
  expect(channelsFor(notify, weightSet)).toEqual(['shop', 'audit'])
  expect(channelsFor(notify, promoted)).toEqual(['shop'])
})
