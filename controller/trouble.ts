import { describeError } from '../kube/index.ts'
import { deedOf } from './deeds.ts'

type Timestamp = { seconds?: { toString(): string } | null; nanos?: number | null } | null

/** The part of Temporal's answer to *describe* that tells whether a run moves. */
export type RunSight = {
  pendingWorkflowTask?: { attempt?: number | null; scheduledTime?: Timestamp; startedTime?: Timestamp } | null
  pendingActivities?: PendingActivity[] | null
  /** Search attribute `TemporalReportedProblems`. */
  problems?: string[] | undefined
}

type PendingActivity = {
  activityType?: { name?: string | null } | null
  /** 1: scheduled, and nobody works on it. */
  state?: number | null
  /** The one that goes on, or comes next; from 1 on. */
  attempt?: number | null
  /** Of the last attempt. */
  lastFailure?: Failure | null
  /** When no other attempt is made; absent where there always is one. */
  expirationTime?: Timestamp
  scheduledTime?: Timestamp
  lastStartedTime?: Timestamp
  lastHeartbeatTime?: Timestamp
  lastAttemptCompleteTime?: Timestamp
  nextAttemptScheduleTime?: Timestamp
}

type Failure = { message?: string | null; cause?: Failure | null }

/** So many attempts at one workflow task: it fails again and again, and traffic stands still. */
const FAILING_ATTEMPTS = 3
/** An activity that failed so often in a row has been tried for six seconds at least. */
const FAILURES = 6
/** A task that nobody takes for so long. */
const UNTAKEN_MS = 45_000
const SCHEDULED = 1

/**
 * Why a running release does not move; undefined while it does, which includes retries of what tells its trouble itself.
 * `now` in epoch milliseconds. The sentence has no changing numbers of its own, and no secrets.
 */
export function troubleOf({ pendingWorkflowTask: task, pendingActivities, problems = [] }: RunSight, now: number) {
  const cause = problems.find((problem) => problem.startsWith('cause='))?.slice('cause='.length)
  if (cause !== undefined) return `The release's workflow task fails again and again (${cause}); see the worker's log`
  if (task && (task.attempt ?? 0) >= FAILING_ATTEMPTS) {
    return "The release's workflow task fails again and again; see the worker's log"
  }
  if (task && !msOf(task.startedTime) && now - msOf(task.scheduledTime) > UNTAKEN_MS) {
    return 'No worker takes the workflow tasks of the release; is one running?'
  }
  const untaken = pendingActivities?.find(
    (activity) => activity.state === SCHEDULED && now - waitingSince(activity) > UNTAKEN_MS,
  )
  if (untaken) return `No worker takes activity ${untaken.activityType?.name ?? 'of the release'}; is one running?`
  return pendingActivities?.map((activity) => failureOf(activity, now)).find((words) => words !== undefined)
}

function failureOf(activity: PendingActivity, now: number): string | undefined {
  const deed = deedOf(activity.activityType?.name ?? '')
  const isBounded = msOf(activity.expirationTime) > 0
  if (deed === undefined || isBounded || (activity.attempt ?? 0) <= FAILURES || isGoingOn(activity, now))
    return undefined
  return `${deed} fails again and again, and is tried until it succeeds: ${wordsOf(activity.lastFailure)}`
}

/** An attempt that shows that it is alive, or that has taken longer than those that fail, may be the one that succeeds. */
function isGoingOn({ state, lastStartedTime, lastHeartbeatTime }: PendingActivity, now: number): boolean {
  const started = msOf(lastStartedTime)
  return state !== SCHEDULED && (msOf(lastHeartbeatTime) > started || now - started > UNTAKEN_MS)
}

/** Temporal's own words, as those of a time that ran out, have what came before as their cause. */
function wordsOf(failure: Failure | null | undefined): string {
  const words = [failure?.message, failure?.cause?.message].filter(Boolean).join(': ')
  return words === '' ? 'nobody said why' : describeError(new Error(words))
}

/** An attempt that waits for its backoff is scheduled too, for a time to come. */
const waitingSince = (activity: PendingActivity): number =>
  Math.max(msOf(activity.scheduledTime), msOf(activity.lastAttemptCompleteTime), msOf(activity.nextAttemptScheduleTime))

/** 0 when there is none. `seconds` is a Long, which only its text turns into a number. */
const msOf = (time: Timestamp | undefined): number => Number(time?.seconds?.toString() ?? 0) * 1_000
