export type Outcome = 'rollback' | 'retreat' | 'advance' | 'hold'

/** `hold` names what is missing; `rollback` names the check that decided. */
export type HoldReason =
  'notYet' | 'noData' | 'splitMismatch' | 'localised' | 'baselineBurning' | 'tooManySeries' | 'inconclusive'
export type RollbackReason =
  'crash' | 'mostlyBad' | 'evidence' | 'budget' | 'bound' | 'deadline' | 'notReady' | 'preferred'
/** `clean` ends a clocked step; `nextRung` and `notInferior` (or `belowSlo`) move a ramp; `preferred` ends an A/B test. */
export type AdvanceReason = 'clean' | 'deadlinePromote' | 'nextRung' | 'notInferior' | 'belowSlo' | 'preferred'
export type Reason = HoldReason | RollbackReason | 'notReadyPods' | AdvanceReason

/** What a verdict came from; recomputing it from the stored ledger gives identical bytes. Numbers are rounded to six significant digits. */
export type Explanation = {
  verdict: Outcome
  reason: Reason
  /** Never empty. */
  sentence: string
  /** Epoch seconds of the deciding row's end. */
  at: number
  /** 0-based index of the deciding row; −1 before the first row. */
  row: number
  weight: number
  policyHash: string
  lnE: number
  lnThreshold: number
  metrics: MetricEvidence[]
  /** `cut`: oldest rows that are gone, because the ledger would not have fitted into its object. */
  data: {
    rowsUsed: number
    excluded: { warmup: number; gap: number; retreat: number }
    lastSample?: number
    cut?: number
  }
  /** Does the observed split match the weight? Absent without data. */
  split?: { lnE: number; lnThreshold: number; share: [observed: number, configured: number] }
  ramp?: RampEvidence
  preference?: PreferenceEvidence
  /** What a `localised` hold asks for. */
  action?: { replacePod: string }
  gauges?: GaugeEvidence[]
  advisory?: Advisory
}

/** Analysis.md 5. `next` is the weight that an `advance` goes to; null means the end of the ramp. */
export type RampEvidence = {
  upper: number
  baselineRate: number
  budget: number
  spent: number
  next: number | null
  lnNonInferior: number
  lnBelowSlo?: number
}

/** Analysis.md 9. A is stable, B the canary; `ratio` is B's share of converted users as a multiple of A's. */
export type PreferenceEvidence = {
  metric: string
  a: { users: number; converted: number }
  b: { users: number; converted: number }
  lnE: number
  ratio: { mle: number | null; lower: number; upper: number | null; level: number }
  winner: 'a' | 'b' | null
}

export type GaugeEvidence = { name: string; value: number | null; within: boolean; advisory: boolean; query: string }

/** Second opinions: none of them decides. */
export type Advisory = {
  slo?: { lnE: number; lnThreshold: number }
  shadow?: ShadowVerdict[]
}
export type ShadowVerdict = {
  rule: 'flagger' | 'argo'
  verdict: 'rollback' | 'promote' | 'running'
  at?: number
  sentence: string
}

/** Pairs are `[canary, baseline]`. */
export type MetricEvidence = {
  name: string
  omega: number
  lnE: number
  share: number
  n: [number, number]
  x: [number, number]
  rate: [number, number]
  ratio: { mle: number | null; lower: number; upper: number | null; level: number }
  slot: { index: number; startRow: number; lnE: number }
  excess: { S: number; V: number; expected: number }
  needed: { badToRollback: number | null; cleanRowsToPromote: number | null }
  breakdown: { by: 'pod' | 'route' | 'flag' | 'code'; key: string; n: number; x: number; shareOfExcess: number }[]
  query: string
  window: string
}
