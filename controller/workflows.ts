import type { Action } from '../crds/decision.ts'
import type { Notice } from '../crds/notices.ts'

export type RolloutRef = { namespace: string; name: string }

export type RunState = {
  running: boolean
  /** Why the run does not move, as a sentence that stays the same while the trouble does. */
  trouble?: string
}

/** A Decision, as much of it as its way needs; what it says is read by the run itself. */
export type Word = {
  uid: string
  name: string
  action: Action
  /** A release is under way: whatever ended its run, there has to be one. */
  underWay?: true
}

/** What is told outside the cluster, and to which Channels. */
export type Message = {
  /** Of the Rollout. */
  uid: string
  /** The same of the same Rollout is not told twice, by whomever. */
  what: string
  notice: Notice
  channels: string[]
}

/**
 * The one door to Temporal. All of them reject when it cannot be reached; only `decide` waits for the run.
 */
export type Workflows = {
  /** Says *look* to the Rollout's run, and starts one when there is none. Idempotent. */
  look(rollout: RolloutRef): Promise<void>
  describe(rollout: RolloutRef): Promise<RunState>
  /** Nothing when there is no run. The run takes its traffic back before it ends. */
  cancel(rollout: RolloutRef): Promise<void>
  /**
   * Hands a Decision to the run, once however often it is called; starts one for `retry` and `rollback`, and where a
   * release is under way without one. Resolves with a sentence when it is refused and no run can write that down;
   * undefined when the run has it and writes what becomes of it.
   */
  decide(rollout: RolloutRef, word: Word): Promise<string | undefined>
  /** Has people told, for hours if need be, by nobody who could be kept waiting. */
  tell(rollout: RolloutRef, message: Message): Promise<void>
}
