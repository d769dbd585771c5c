import { expect, inject, test } from 'vitest'
import { outcomeOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

const NEVER_READY = [
  { version: 'crash', words: 'cannot read the price list: no such table' },
  { version: '9.9.9', words: 'shop.local/checkout:9.9.9' },
]

test.concurrent.for(NEVER_READY)('$version never becomes ready and never gets traffic', async ({ version, words }) => {
  await using stage = await openStage({ access, name: `never-ready-${version.replaceAll('.', '-')}` })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }], spec: { progressDeadline: '6s' } })

  await stage.push({ version })
  const { spec, status } = await stage.until(
    `${version} is given up`,
    (sight) => outcomeOf(sight, version) === 'RolledBack' && releaseOf(sight, version),
  )
  expect(status?.message).toContain('container checkout')
  expect(status?.message).toContain(words)
  expect(stage.weights().filter((weights) => spec.revision in weights)).toEqual([])
})
