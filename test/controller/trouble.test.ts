import { describe, expect, it } from 'vitest'
import { troubleOf } from '../../controller/trouble.ts'

const NOW = 1_000_000_000
const ago = (seconds: number) => ({ seconds: { toString: () => String(NOW / 1_000 - seconds) } })

describe('a run', () => {
  it('moves while its tasks are taken', () => {
    expect(troubleOf({}, NOW)).toBeUndefined()
    expect(troubleOf({ pendingWorkflowTask: { attempt: 1, scheduledTime: ago(1) } }, NOW)).toBeUndefined()
    expect(troubleOf({ pendingActivities: [{ state: 2, scheduledTime: ago(3_000) }] }, NOW)).toBeUndefined()
  })

  it('moves while an activity is tried again and again: that tells its trouble itself', () => {
    const retried = { state: 1, scheduledTime: ago(3_000), nextAttemptScheduleTime: ago(-20) }
    expect(troubleOf({ pendingActivities: [retried] }, NOW)).toBeUndefined()
  })

  it('does not move when its workflow task fails again and again', () => {
    expect(troubleOf({ pendingWorkflowTask: { attempt: 4, startedTime: ago(1) } }, NOW)).toContain(
      'fails again and again',
    )
    const problems = ['category=WorkflowTaskFailed', 'cause=WorkflowTaskFailedCauseNonDeterministicError']
    expect(troubleOf({ problems }, NOW)).toContain('(WorkflowTaskFailedCauseNonDeterministicError)')
  })

  it('does not move when no worker takes its tasks', () => {
    expect(troubleOf({ pendingWorkflowTask: { attempt: 1, scheduledTime: ago(90) } }, NOW)).toContain('No worker takes')
    const untaken = { activityType: { name: 'setTraffic' }, state: 1, scheduledTime: ago(90) }
    expect(troubleOf({ pendingActivities: [untaken] }, NOW)).toContain('setTraffic')
  })
})
