import type { Action } from '../crds/decision.ts'
import type { Need } from '../crds/need.ts'
import type { Outcome } from '../crds/outcome.ts'
import type { Plan } from '../crds/plan.ts'
import type { Explanation } from '../crds/verdict.ts'

/** What the API says and the UI shows, field by field. Times are RFC 3339 where they are strings. */

/** One line of the fleet. */
export type RolloutView = {
  /** `namespace/name` */
  key: string
  namespace: string
  name: string
  /** One word: the reason of Ready, or of Stalled where that says more. */
  phase: string
  message: string
  /** What a person has to do before anything goes on. */
  need?: Need
  gate?: string
  /** Who said pause, and why, while that stops it. */
  pausedBy?: string
  /** Why it stands still, as one word. */
  hold?: string
  stable?: string
  canary?: string
  /** Percent of the requests that the canary gets. */
  weight: number
  /** For example 3/7. */
  step?: string
  /** Number of the running release, else of the last one. */
  release?: number
  images: string[]
  commit?: string
  author?: string
  /** Since when it is in this state. */
  since: string
  generation: number
}

/** A gate that waits. */
export type GateView = {
  rollout: RolloutView
  gate: string
  approvals: { by: string; at: string }[]
  minimum: number
  expiresAt?: string
  /** First line of the commit's message. As the evidence below it only for who may read releases. */
  says?: string
  /** What the evidence says so far, as a sentence. */
  evidence?: string
  /** Whether the API server lets the caller approve here, and the engine would count it. */
  mayApprove: boolean
  /** Why the engine would not. */
  whyNot?: string
}

export type PodView = {
  name: string
  revision: string
  ready: boolean
  restarts: number
  phase: string
  message?: string
  since: string
}

/** A Kubernetes Event about the Rollout. */
export type EventView = { at: string; type: 'Normal' | 'Warning'; reason: string; message: string; count: number }

export type DecisionView = {
  name: string
  action: Action
  by: string
  gate?: string
  reason?: string
  at: string
  outcome?: 'Delivered' | 'Applied' | 'Refused'
  message?: string
  release: number
}

type Arm = [n: number, x: number]

/** One interval of the ledger: of `n` requests `x` were bad. A metric without data is missing. `at`: epoch milliseconds of its end. */
export type RowView = { at: number; weight: number; metrics: Record<string, { canary: Arm; stable: Arm }> }

export type TimelineView = { at: string; event: string; message: string; detail?: string }

export type ReleaseView = {
  number: number
  revision: string
  from?: string
  outcome?: Outcome
  startedAt?: string
  endedAt?: string
  plan: Plan
  /** From 0. */
  stepIndex: number
  /** Steps that a person passed over, by their index. */
  skipped?: number[]
  weight: number
  message?: string
  verdict?: Explanation
  timeline: TimelineView[]
  rows: RowView[]
  provenance: { commit?: string; author?: string; message?: string; images: string[] }
  /** The run in Temporal's own UI, where one is configured. */
  workflowUrl?: string
}

export type ReleasePage = {
  rollout: RolloutView
  release?: ReleaseView
  /** Of the stable and the canary revision. */
  pods: PodView[]
  /** Newest first. */
  events: EventView[]
  /** Of the release, newest first. */
  decisions: DecisionView[]
  /** What the API server lets the caller decide here. */
  may: Partial<Record<Action, boolean>>
  /** Why the engine would not count the caller's approval at the gate that waits. */
  whyNot?: string
}

/** Who the API server says the caller is. */
export type Me = { name: string; groups: string[] }

/** How one signs in here; `oidc` is where the browser goes for it. */
export type SignIn = { signedIn: boolean; oidc?: { url: string; issuer: string } }

/** Body of `POST …/decisions`. */
export type DecisionRequest = { release: number; revision: string; gate?: string; action: Action; reason?: string }

/** Body of `POST /callback`: what whoever answers says of themselves, which nobody vouches for. */
export type CallbackAnswer = { by?: string; reason?: string }

/** Body of everything that was refused: one sentence. */
export type Failure = { error: string }
