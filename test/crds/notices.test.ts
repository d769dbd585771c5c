import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { channelsFor, REASONS, TOLD_BY_DEFAULT } from '../../crds/notices.ts'

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

test('everything that a release says can be chosen', () => {
  const folder = new URL('../../workflows/', import.meta.url)
  const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const literal =
    /type: '(?:Normal|Warning)',\s+reason: '([A-Z]\w+)'|(?:happened|concluded|refuse)\(\s*run,\s*'([A-Z]\w+)'/g
  const said = texts.flatMap((text) => [...text.matchAll(literal)].map(([, event, other]) => event ?? other))
  expect(said).toContain('GateApproved')
  expect([...new Set(said)].filter((reason) => !REASONS.some((known) => known === reason))).toEqual([
    'NotificationFailed',
  ])
  expect(TOLD_BY_DEFAULT.filter((reason) => !REASONS.includes(reason))).toEqual([])
})
