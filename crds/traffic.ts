/** First 10 hex digits of the revision's hash. */
export type Revision = string

/** Where requests go. Weights are percent of the named route's own share and add up to 100. */
export type Traffic = { weights: Record<Revision, number> } & Aside

/**
 * What is beside the weights. Cohort, mirror and preview go to the side Service of `canary` (`<name>-<revision>-x`) and
 * stay out of the ledger, because they are not random. Everything here is made of routes of our own beside the user's,
 * each a clone of the named route, and is gone when the route is at rest.
 */
export type Aside = {
  /** Whose side Service it is; needed with `match`, `mirror`, `fault` and `preview`, whatever its weight. */
  canary?: Revision
  match?: MatchRoute[]
  /** Only together with `match`: Istio injects before it chooses a destination, so a fault needs a cohort of its own. */
  fault?: Fault
  mirror?: { percent: number }
  preview?: { host: string }
  /** Keeps a client on its revision while the weights rise. */
  affinity?: Affinity
  /** The weights are for these requests only; everybody else stays with stable. */
  among?: MatchRoute[]
}

/** A cohort: requests that match all of it. */
export type MatchRoute = { headers?: Record<string, StringMatch>; cookies?: Record<string, StringMatch> }
export type StringMatch = { exact: string } | { prefix: string } | { regex: string }

/**
 * A cookie says which revision a client was given, and at which of `weights` (percent of the canary, rising, the last is
 * the current one): when the weight rises, a client of stable is asked once more, with the chance that is missing, and a
 * client of the canary never. `token` (letters, digits, - and _) is of this release alone: another release does not read
 * its cookies, and gives its own under the same name. Nothing else ends them but `maxAgeMs`.
 */
export type Affinity = { cookie: string; maxAgeMs: number; token: string; weights: number[] }

/** `percent` of the cohort; exactly one of delay and abort (an HTTP status). */
export type Fault = { percent: number; delayMs?: number; abort?: number }

/** `<rollout uid>:<release>.<seq>` on the route: a write never goes behind a fence of the same uid. */
export type Fence = { uid: string; release: number; seq: number }

export const formatFence = (fence: Fence): string => `${fence.uid}:${fence.release}.${fence.seq}`

/** Throws on anything that `formatFence` did not write. */
export function parseFence(text: string): Fence {
  const found = /^(.+):(\d+)\.(\d+)$/.exec(text)
  if (!found) throw new Error(`not a fence: ${JSON.stringify(text)}`)
  return { uid: found[1]!, release: Number(found[2]), seq: Number(found[3]) }
}

/** True when `next` may replace `current`: another uid or none is no fence. Equal fences are the same write again. */
export function passesFence(next: Fence, current: Fence | undefined): boolean {
  if (current === undefined || current.uid !== next.uid) return true
  return next.release > current.release || (next.release === current.release && next.seq >= current.seq)
}
