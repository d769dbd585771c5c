import { workflowInfo } from '@temporalio/workflow'
import type { Mark, Picture } from '../activities/picture.ts'
import type { Opened } from '../activities/open.ts'
import type { Hold } from '../activities/watch.ts'
import type { Phase } from '../crds/conditions.ts'
import type { Held } from '../crds/freezing.ts'
import type { Plan } from '../crds/plan.ts'
import type { Aside, Fence, Revision } from '../crds/traffic.ts'
import type { ReleaseInput, Warm } from './contract.ts'
import type { Desk } from './desk.ts'
import type { Guard } from './guard.ts'
import { wordsOf } from './words.ts'

/** Everything one run knows. Mutable on purpose: it is the workflow's memory, and only its main loop writes it. */
export type Run = {
  input: ReleaseInput
  desk: Desk
  guard: Guard
  picture: Picture
  number: number
  canary: Revision
  stable: Revision
  plan: Plan
  /** `observe`: verdicts on requests are told and never acted upon. */
  mode: Opened['mode']
  /** There is a Prometheus to ask. */
  measured: boolean
  /** At 100 %, where there is nothing to compare with, evidence decides all the same. */
  judgedAlone: boolean
  seq: number
  stepIndex: number
  /** Epoch milliseconds. */
  stepSince: number
  /** The gate at which it waits was announced. */
  asked: boolean
  /** That its time will be over soon was announced. */
  warned: boolean
  /** That nobody opened it in time was announced. */
  expired: boolean
  /** What the current step waited for is there; only something else may still hold it. */
  passed: boolean
  /** How often resume had been said when the current step began. */
  resumedBefore: number
  /** A person said `step` to what keeps the next weight from being set, and that is not set yet. */
  stepped: boolean
  /** Attempts of the current step that were begun, where it is one that asks somebody else. */
  tried: number
  weight: number
  /** What is beside the weights right now: every forward write repeats it, the way back leaves it out. */
  aside: Aside
  /** It found an open release that nobody handed over. */
  recovered?: true
  marks: Mark[]
  retreats: number
  /** What was noticed when the release began was told. */
  noted: boolean
  /** Whose commit it is. */
  author?: string
  /** The configs that changed, where nothing else did; or who wished it. */
  because?: string
  replicas: number
  suspended: boolean
  /** A Freeze, or a line in which it stands, keeps it from going forward. */
  held?: Held | undefined
  /**
   * Somebody stopped it before it had requests, and that was told, or is: its place may be another's by now. It goes on
   * after a look that began when it had been told.
   */
  away?: 'telling' | 'told' | 'looking' | undefined
  /** What a look found that ends or changes this release. */
  discovered?: Interruption
  routeGone: boolean
  /** Somebody else's edit of the route holds it: what is said about it, and how often resume had been said by then. */
  edit?: { message: string; resumed: number }
  /** Declared meanwhile; its turn comes when this release has ended. */
  queued?: Revision | undefined
  /** The last look saw an edit while the release wrote the route itself: whose it is, only another look can tell. */
  blurred?: boolean
  /** A traffic write is under way: a second one waits. */
  writing: boolean
  /** A person said `promote`: holds and remaining steps are overridden. */
  override: boolean
  /** The hold that was told last; undefined where nothing held. */
  toldHold?: Hold | undefined
  /** Epoch milliseconds; no two tellings have the same. */
  toldAt: number
  /** What was said last, holds that may end apart, and as if nothing stopped it. */
  said?: { phase: Phase; message: string; hold?: string }
  /** What was told last about a pause or a suspension. */
  toldStop?: string | undefined
  /** Why it may not begin, as it was told last. */
  toldBeginning?: string | undefined
  /** This run has put that into the status. */
  saidHold?: true
  /** Jobs that were broken off are being stopped; a run ends after that. Never fails. */
  stopping?: Promise<void>
  /** What let the last step end, as a sentence. */
  evidence?: string
  /** Who opened which gate, as sentences; the newest. */
  approved: string[]
  warm: Warm[]
  /** It took over from a stable without pods, and is analysed until then (epoch milliseconds). */
  afterwards?: number
}

export type Interruption =
  | { kind: 'rollback' | 'retreat'; sentence: string; reason: string }
  | { kind: 'abort' | 'reverted' | 'foreignEdit' | 'abortedOnRoute' | 'deleted' | 'superseded'; sentence: string }
  | { kind: 'promote' | 'step'; sentence: string }

/** Thrown at an await point of the main loop; caught in `release.ts` only. */
export class Interrupted extends Error {
  readonly interruption: Interruption
  constructor(interruption: Interruption) {
    super(interruption.sentence)
    this.interruption = interruption
  }
}

/** Whatever broke off what goes on beside the plan ends the release. */
export const asInterruption = (error: unknown): Interruption =>
  error instanceof Interrupted
    ? error.interruption
    : { kind: 'rollback', reason: 'Failed', sentence: `Rolled back: ${wordsOf(error)}` }

/** The next fence of this release: every write carries a higher one than the last. */
export const nextFence = (run: Run): Fence => ({ uid: run.picture.target.uid, release: run.number, seq: ++run.seq })

export const stepLabel = (run: Run): string =>
  `${Math.min(run.stepIndex + 1, run.plan.steps.length)}/${run.plan.steps.length}`

export const runAgeMs = (): number => Date.now() - workflowInfo().runStartTime.getTime()
