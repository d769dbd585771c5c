import type { DecisionSpec } from '../crds/decision.ts'
import type { Revision } from '../crds/traffic.ts'

/** Names and payloads that cross the Temporal boundary. They are API: histories and other processes depend on them. */
export const RELEASE_WORKFLOW = 'release'
/** Says only: look at what is declared. Carries nothing. */
export const LOOK_SIGNAL = 'look'
/** A person's word. The Update's payload has the shape of a Decision; its id is the idempotency key. */
export const DECIDE_UPDATE = 'decide'

/** One Rollout of one cluster; a run chain per release. */
export type ReleaseInput = { cluster: string; namespace: string; name: string; carried?: Carried }

export type DecideInput = DecisionSpec
export type DecideResult = { message: string }

/** A stretch of time at one weight. Rows that contain a change belong to the older mark. `since` is epoch seconds. */
export type Mark = { slot: number; weight: number; since: number; addedPods: boolean }

/** An old revision whose pods stay until then (epoch milliseconds). */
export type Warm = { revision: Revision; until: number }

/** Plain versioned state that a run hands to its successor. */
export type Carried = {
  v: 1
  /** Absent between releases: the successor begins a new one. */
  release?: CarriedRelease
  warm: Warm[]
  consumed: string[]
}

export type CarriedRelease = {
  number: number
  epoch: number
  seq: number
  stepIndex: number
  /** Epoch milliseconds at which the current step began. */
  stepSince: number
  weight: number
  marks: Mark[]
  retreats: number
  promoted: boolean
  mailbox: DecideInput[]
}
