import { defineSearchAttributeKey } from '@temporalio/common'
import type { Mark } from '../activities/picture.ts'
import type { Hold } from '../activities/watch.ts'
import type { DecisionSpec } from '../crds/decision.ts'
import type { Ending } from './back.ts'
import type { Aside, Revision } from '../crds/traffic.ts'
import type { Gate } from '../crds/vote.ts'

/** Names and payloads that cross the Temporal boundary. They are API: histories and other processes depend on them. */
export const RELEASE_WORKFLOW = 'release'
/** Tells people outside the cluster; its input is `TellPeopleInput`. */
export const TELL_WORKFLOW = 'tellPeople'
/** Says only: look at what is declared. Carries nothing. */
export const LOOK_SIGNAL = 'look'
/** A person's word. The Update's payload has the shape of a Decision; its id is the idempotency key. */
export const DECIDE_UPDATE = 'decide'

/** By which releases are found in Temporal. Few: servers on SQL have room for ten keywords. */
export const SEARCH = {
  namespace: defineSearchAttributeKey('SluiceNamespace', 'KEYWORD'),
  rollout: defineSearchAttributeKey('SluiceRollout', 'KEYWORD'),
  /** Where the release is, and in the end its outcome. */
  phase: defineSearchAttributeKey('SluicePhase', 'KEYWORD'),
  revision: defineSearchAttributeKey('SluiceRevision', 'KEYWORD'),
} as const

/** One Rollout of one cluster; a run chain per release. */
export type ReleaseInput = {
  cluster: string
  namespace: string
  name: string
  /** How old a run grows before it hands over at a step boundary; 10 minutes where absent. */
  renewAfterMs?: number
  /** Temporal knows the search attributes; where it does not, setting one would stop the run. */
  searchable?: true
  carried?: Carried
}

/** The Decision's name: what it says is read from the API server. The Update's id is its UID. */
export type DecideUpdate = { name: string }
export type DecideResult = { outcome: 'Delivered' | 'Refused'; message: string }

/** What a Decision says, as the API server vouches for it. */
export type Word = DecisionSpec & { name: string; uid: string }
/** `at`: epoch milliseconds. */
export type Vote = Word & { at: number }
/** What became of a Decision, and is not written yet; `at`: epoch milliseconds. */
export type Answer = {
  name: string
  uid: string
  outcome: 'Delivered' | 'Applied' | 'Refused'
  message: string
  at: number
}

/** Words on their way. */
export type CarriedDesk = {
  /** Read, and without their effect yet. */
  inbox: Word[]
  unread: (DecideUpdate & { uid: string })[]
  /** Approvals of the gate that is open. */
  votes: Vote[]
  answers: Answer[]
  /** UIDs of Decisions that were heard. */
  consumed: string[]
}

/**
 * An old revision whose pods stay until then (epoch milliseconds). `quietSince` (epoch seconds) is when its traffic was
 * taken; absent when it never had any. `release` names the Release whose policy says how to ask for its requests.
 */
export type Warm = { revision: Revision; until: number; release: number; quietSince?: number }

/** Plain versioned state that a run hands to its successor. */
export type Carried = {
  v: 1
  /** Absent between releases: the successor begins a new one. */
  release?: CarriedRelease
  warm: Warm[]
  desk?: CarriedDesk
  /** Number of the release that ended before this one. */
  lastNumber?: number
}

export type CarriedRelease = {
  number: number
  revision: Revision
  epoch: number
  seq: number
  stepIndex: number
  /** Epoch milliseconds at which the current step began. */
  stepSince: number
  /** The gate at which it waits was announced. */
  asked?: boolean
  /** The gate that is open: a word about it counts before the run that takes over has come to it. */
  gate?: Gate
  /** A pause of the plan waits for its end: the same holds for a word about that. */
  pausing?: true
  /** That its time will be over soon was announced. */
  warned?: boolean
  /** That nobody opened it in time was announced. */
  expired?: boolean
  /** What the current step waited for is there. */
  passed?: boolean
  /** A person said `step` to what keeps the next weight from being set. */
  stepped?: boolean
  /** What a word about it comes too late for. */
  settled?: string
  /** The newer revision that waits for the end of this release was told. */
  queued?: Revision
  /** Attempts of the current step that were begun. */
  tried?: number
  weight: number
  aside?: Aside
  marks: Mark[]
  retreats: number
  /** What was noticed when it began was told. */
  noted?: boolean
  /** What let the last step end, as a sentence. */
  evidence?: string
  /** Who opened which gate, as sentences; the newest. */
  approved?: string[]
  /** Who paused it, and why. */
  paused?: string
  /** What was told last about a pause or a suspension. */
  toldStop?: string
  /** Why it may not begin, as it was told last. */
  toldBeginning?: string
  /** A person said `promote`. */
  override?: boolean
  /** Why the last row held, and what was told last about holds. */
  hold?: Hold
  toldHold?: Hold
  /** What is said about somebody else's edit of the route that holds it. */
  edit?: string
  /** A person said resume to that, and the route is not put back yet. */
  editResumed?: true
  /** It serves already, and is analysed until then (epoch milliseconds). */
  afterwards?: number
  /** It is on its way back, and why. */
  ending?: Ending
}
