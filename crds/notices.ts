/** What people can be told outside the cluster: the reasons of Events about a Rollout. */
export const REASONS = [
  'Aborted',
  'AdoptionContested',
  'ApprovalNeeded',
  'BoundaryMoved',
  'CohortSet',
  'ConfigChanged',
  'DestinationsBehind',
  'DestinationsUpdated',
  'EngineStuck',
  'FaultInjected',
  'FaultRemoved',
  'FaultSkipped',
  'ForeignEdit',
  'Frozen',
  'GateApproved',
  'GateExpired',
  'GateExpires',
  'GrowthRefused',
  'HandedBack',
  'Hindered',
  'Holding',
  'IntervalTooShort',
  'InvalidSpec',
  'JobFailed',
  'JobPassed',
  'MirrorEnded',
  'Mirroring',
  'Paused',
  'PreviewReady',
  'Promoted',
  'Queued',
  'RestBlocked',
  'Resumed',
  'Retreated',
  'Returned',
  'Returning',
  'RevisionQueued',
  'RollbackBlocked',
  'RolledBack',
  'Scaled',
  'SessionAffinity',
  'Skipped',
  'StableKept',
  'StillWarm',
  'Superseded',
  'SupersededAgain',
  'Suspended',
  'WebhookFailed',
  'WebhookPassed',
  'WeightSet',
  'WindowClosed',
  'WindowOpen',
  'Withdrawn',
  'WouldHold',
  'WouldRollBack',
] as const

export type Reason = (typeof REASONS)[number]

/** What a person wants to hear where nothing is chosen: what waits for somebody, what went wrong, and how it ended. */
export const TOLD_BY_DEFAULT = [
  'Aborted',
  'ApprovalNeeded',
  'EngineStuck',
  'GateExpired',
  'GateExpires',
  'Holding',
  'InvalidSpec',
  'Promoted',
  'Retreated',
  'Returned',
  'RollbackBlocked',
  'RolledBack',
  'SupersededAgain',
] as const satisfies Reason[]

export type Routing = {
  /** Name of a Channel in the namespace of the Rollout. */
  channel: string
  /** `TOLD_BY_DEFAULT` where absent. */
  on?: readonly (Reason | 'All')[]
  /** `warning`: nothing that is as expected. */
  severity: 'info' | 'warning'
}

/** One thing that was decided about a Rollout, on its way to people. */
export type Notice = {
  /** The same for every attempt. */
  id: string
  /** Epoch milliseconds. */
  at: number
  type: 'Normal' | 'Warning'
  reason: Reason
  /** The cause as a sentence. */
  message: string
  release?: number
  revision?: string
}

/** Who is told, each Channel once. */
export function channelsFor(routings: readonly Routing[], { type, reason }: Pick<Notice, 'type' | 'reason'>): string[] {
  const isTold = ({ on = TOLD_BY_DEFAULT, severity }: Routing): boolean =>
    (severity === 'info' || type === 'Warning') && on.some((each) => each === 'All' || each === reason)
  return [...new Set(routings.filter(isTold).map(({ channel }) => channel))]
}
