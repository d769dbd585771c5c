import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'

/** The innermost words of a failure: those of whoever refused. */
export function wordsOf(error: unknown): string {
  const innermost = error instanceof Error && error.cause instanceof Error ? wordsOf(error.cause) : undefined
  return innermost ?? (error instanceof Error ? error.message : String(error))
}

/** The type that an activity gave its failure. */
export const typeOf = (error: unknown): string | undefined =>
  error instanceof ActivityFailure && error.cause && 'type' in error.cause
    ? (error.cause.type as string | undefined)
    : undefined

/** No retry of the same write can mend it. */
export const isFinal = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true
