import { ApplicationFailure, Context } from '@temporalio/activity'
import { describeError, isForbidden, isInvalid } from '../kube/index.ts'

/** Somebody else's object has a name that is needed; thrown by workload and router. */
const FOREIGN_OBJECT = 'ForeignObject'

/** What the release was opened with is no longer there to be copied; thrown by workload. */
const CONFIG_CHANGED = 'ConfigChanged'

/** A right that is being granted, or a namespace's first quota, is there after about three seconds of attempts. */
const PATIENT_ATTEMPTS = 6

/**
 * What the API server will not take, it will not take later either: the failure is final and carries the server's words.
 * So is a name that somebody else has, a config that changed meanwhile, and a missing right after some attempts. Everything else may pass.
 */
export async function refusable<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (isForeign(error)) throw ApplicationFailure.nonRetryable(error.message, FOREIGN_OBJECT)
    if (isChanged(error)) throw ApplicationFailure.nonRetryable(error.message, CONFIG_CHANGED)
    const isOver = isForbidden(error) && Context.current().info.attempt >= PATIENT_ATTEMPTS
    if (isInvalid(error) || isOver) throw ApplicationFailure.nonRetryable(describeError(error), 'Refused')
    throw error
  }
}

const isChanged = (error: unknown): error is Error => error instanceof Error && error.name === CONFIG_CHANGED

export const isForeign = (error: unknown): error is Error => error instanceof Error && error.name === FOREIGN_OBJECT
