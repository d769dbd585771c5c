export type RolloutRef = { namespace: string; name: string }

export type RunState = {
  running: boolean
  /** Why the run does not move, as a sentence that stays the same while the trouble does. */
  trouble?: string
}

/**
 * The one door to Temporal. All three reject when it cannot be reached; none of them waits for what the run does.
 */
export type Workflows = {
  /** Says *look* to the Rollout's run, and starts one when there is none. Idempotent. */
  look(rollout: RolloutRef): Promise<void>
  describe(rollout: RolloutRef): Promise<RunState>
  /** Nothing when there is no run. The run takes its traffic back before it ends. */
  cancel(rollout: RolloutRef): Promise<void>
}
