/** First 10 hex digits of the revision's hash. */
export type Revision = string

/** Where requests go. Weights are percent of the named route's own share and add up to 100. */
export type Traffic = {
  weights: Record<Revision, number>
  match?: MatchRoute[]
  mirror?: { percent: number }
  affinity?: Cookie
  fault?: Fault
}

/** A cohort: requests that match go to the canary's side Service and stay out of the ledger. */
export type MatchRoute = { headers?: Record<string, StringMatch>; cookies?: Record<string, StringMatch> }
export type StringMatch = { exact: string } | { prefix: string } | { regex: string }
export type Cookie = { name: string; maxAge: string }
export type Fault = { percent: number; delay?: string; abort?: number }

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
