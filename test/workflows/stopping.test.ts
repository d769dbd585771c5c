import { expect, it } from 'vitest'
import type { Run } from '../../workflows/run.ts'
import { withStop } from '../../workflows/stopping.ts'

const STEP = { phase: 'Paused', message: 'Paused at 0 % for 10m' } as const
const QUEUED = { phase: 'Queued', sentence: 'checkout waits for its turn' } as const
type Stopped = Pick<Run, 'suspended' | 'held'> & { paused?: string }
const run = ({ paused, ...stopped }: Stopped) =>
  ({ override: false, plan: {}, desk: { paused }, ...stopped }) as unknown as Run

it('a pause that a person said is told apart from one of the plan', () => {
  expect(withStop(run({ suspended: false }), STEP)).toEqual(STEP)
  expect(withStop(run({ suspended: false, paused: 'anna (lunch)' }), STEP)).toMatchObject({
    phase: 'Paused',
    pausedBy: 'anna (lunch)',
  })
})

it('what somebody stopped says so as long as it is not frozen, even where it had to stand in line', () => {
  expect(withStop(run({ suspended: true, held: QUEUED }), STEP)).toMatchObject({ phase: 'Suspended' })
  expect(withStop(run({ suspended: false, paused: 'anna', held: QUEUED }), STEP)).toMatchObject({ pausedBy: 'anna' })
  expect(withStop(run({ suspended: false, held: QUEUED }), STEP)).toMatchObject({ phase: 'Queued' })
})
