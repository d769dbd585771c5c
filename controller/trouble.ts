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
  scheduledTime?: Timestamp
  lastAttemptCompleteTime?: Timestamp
  nextAttemptScheduleTime?: Timestamp
}

/** So many attempts at one workflow task: it fails again and again, and traffic stands still. */
const FAILING_ATTEMPTS = 3
/** A task that nobody takes for so long. */
const UNTAKEN_MS = 45_000
const SCHEDULED = 1

/**
 * Why a running release does not move; undefined while it does, which includes every retry of an activity: those tell
 * their trouble themselves. `now` in epoch milliseconds. The sentence has no changing numbers.
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
  return untaken && `No worker takes activity ${untaken.activityType?.name ?? 'of the release'}; is one running?`
}

/** An attempt that waits for its backoff is scheduled too, for a time to come. */
const waitingSince = (activity: PendingActivity): number =>
  Math.max(msOf(activity.scheduledTime), msOf(activity.lastAttemptCompleteTime), msOf(activity.nextAttemptScheduleTime))

/** 0 when there is none. `seconds` is a Long, which only its text turns into a number. */
const msOf = (time: Timestamp | undefined): number => Number(time?.seconds?.toString() ?? 0) * 1_000
