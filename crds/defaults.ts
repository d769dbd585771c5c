/** Defaults of `spec.analysis`, in the words of the resource: the schema publishes them, the compiler uses them where there is no analysis. */
export const ANALYSIS_DEFAULTS = {
  mode: 'act',
  interval: '15s',
  falseRollback: 0.01,
  toleratedRatio: 1.25,
  promoteRatio: 2,
  warmUp: '0s',
  dataDeadline: '15m',
  deadline: '2h',
  onInconclusive: 'hold',
  enforceSlo: false,
  burst: 1,
} as const

/** ρ0 of latency metrics: latency shifts are smoother than errors, so less is tolerated. */
export const LATENCY_TOLERATED_RATIO = 1.1

/** B: failed requests that a release by steps may cost. */
export const ERROR_BUDGET = 50

/** φ where clients stay with their revision: requests of one user fail together. Twice, and 1.5 as the margin of analysis.md 3.8. */
export const STICKY_BURST = 3
