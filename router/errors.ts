/** Names by which callers tell what a retry of the same write can mend and what it cannot. */
export type RouteErrorName =
  /** A newer write of this Rollout is there. Final. */
  | 'FencedOff'
  /** The write would raise the canary of a release that was aborted on the route. Final. */
  | 'AbortedOnRoute'
  /** The object, the named route, or our destination in it is gone. Final. */
  | 'RouteMissing'
  /** What is asked for beside the weights cannot be said on this route; the message says why. Final. */
  | 'Unroutable'
  /** What was read back is not what was written: somebody wrote at the same time. */
  | 'ReadBackMismatch'
  /** At rest the apex would serve another revision than stable. */
  | 'ApexElsewhere'
  /** One of several route objects refused, and another could not be put back. */
  | 'PutBackFailed'
  /** A DestinationRule of somebody else has a name that is needed. Final. */
  | 'ForeignObject'
  /** `rollback --direct`: there is nothing to go back to, or it has no pods. */
  | 'NothingToReturnTo'

export function routeError(name: RouteErrorName, message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? {} : { cause })
  error.name = name
  return error
}
