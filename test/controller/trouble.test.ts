import { describe, expect, it } from 'vitest'
import { troubleOf, type RunSight } from '../../controller/trouble.ts'

const NOW = 1_000_000_000
type Activity = NonNullable<RunSight['pendingActivities']>[number]

/** One that waits for its next attempt. */
const waiting = (name: string, more: Activity): RunSight => ({
  pendingActivities: [
    { activityType: { name }, state: 1, scheduledTime: ago(3_000), nextAttemptScheduleTime: ago(-20), ...more },
  ],
})
const ago = (seconds: number) => ({ seconds: { toString: () => String(NOW / 1_000 - seconds) } })

describe('a run', () => {
  it('moves while its tasks are taken', () => {
    expect(troubleOf({}, NOW)).toBeUndefined()
    expect(troubleOf({ pendingWorkflowTask: { attempt: 1, scheduledTime: ago(1) } }, NOW)).toBeUndefined()
    expect(troubleOf({ pendingActivities: [{ state: 2, scheduledTime: ago(3_000) }] }, NOW)).toBeUndefined()
  })

  it('moves while what tells its trouble itself is tried again and again', () => {
    const failure = { attempt: 30, lastFailure: { message: 'no' } }
    expect(troubleOf(waiting('setTraffic', failure), NOW)).toBeUndefined()
    expect(troubleOf(waiting('watch', failure), NOW)).toBeUndefined()
    expect(troubleOf(waiting('pointApex', { ...failure, expirationTime: ago(-10) }), NOW)).toBeUndefined()
  })

  it('moves while an activity failed a few times only', () => {
    expect(troubleOf(waiting('report', { attempt: 3, lastFailure: { message: 'no' } }), NOW)).toBeUndefined()
  })

  it('does not move while one that is tried until it succeeds fails again and again: plain words, and the last error', () => {
    const lastFailure = { message: 'admission webhook "audit" denied the request' }
    expect(troubleOf(waiting('report', { attempt: 9, lastFailure }), NOW)).toBe(
      'Writing the status fails again and again, and is tried until it succeeds: admission webhook "audit" denied the request',
    )
  })

  it('names what came before a time that ran out, and no secret', () => {
    const cause = { message: 'https://ada:hunter2@git.shop said 401 to Bearer abcdefgh12345678' }
    const said = troubleOf(waiting('observe', { attempt: 9, lastFailure: { message: 'activity timeout', cause } }), NOW)
    expect(said).toContain('activity timeout: https://***@git.shop said 401 to Bearer ***')
    expect(said).not.toContain('hunter2')
  })

  it('moves again while an attempt goes on that lives, or that takes longer than those that failed', () => {
    const failure = { attempt: 9, lastFailure: { message: 'no' }, state: 2 }
    const started = { ...failure, lastStartedTime: ago(5) }
    expect(troubleOf(waiting('awaitReady', started), NOW)).toContain('Waiting for pods that are ready fails')
    expect(troubleOf(waiting('awaitReady', { ...started, lastHeartbeatTime: ago(1) }), NOW)).toBeUndefined()
    expect(troubleOf(waiting('observe', { ...failure, lastStartedTime: ago(60) }), NOW)).toBeUndefined()
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
