/** The analysis part of a Rollout, compiled: defaults filled in, durations in seconds, ratios as numbers. Stored in the ledger. */
export type Policy = {
  mode: 'act' | 'observe'
  /** Seconds between row edges, ≥ 1. */
  interval: number
  prometheus?: { address: string; auth?: PrometheusAuth }
  metrics: Metric[]
  /** Share of good requests in (0,1), e.g. 0.999. */
  slo?: number
  /** α: the chance that a good release is rolled back, per release. */
  falseRollback: number
  /** ρ0 of error metrics; latency metrics use `latencyToleratedRatio`. */
  toleratedRatio: number
  latencyToleratedRatio: number
  /** ρ_NI */
  promoteRatio: number
  /** B: failed requests a release may cost before it is rolled back regardless of evidence. */
  errorBudget: number
  warmUp: number
  dataDeadline: number
  deadline: number
  onInconclusive: 'hold' | 'promote' | 'rollback'
  /** J: restart slots, fixed at the start of the release. */
  slots: number
  /** A bad share that sits on one of several canary pods replaces that pod, once in a release. */
  replaceLocalised: boolean
  /** Counts the evidence against `slo` as well: E_m = ½(E_harm + E_slo). */
  enforceSlo: boolean
  /** By evidence instead of by clock. */
  ramp?: Ramp
  /** Rules of other tools, told beside ours; they never decide. */
  shadow: ShadowRule[]
  /** φ: tempering for bursts, ≥ 1. */
  burst: number
  /** Clients stay with their revision: requests do not follow the weight, because clients are not equally busy. */
  sticky?: true
}

/** Weights in percent, rising; `dwell` in seconds at the last of them. Its time is limited by `deadline`. */
export type Ramp = { ladder: number[]; dwell: number }

export type ShadowRule = 'flagger' | 'argo'

/**
 * In PromQL of one's own, `$service`, `$revision`, `$namespace` and `$rollout` stand for what is asked about: `counters`
 * and `conversion` are asked once per arm, a `query` once, about the canary.
 */
export type Metric =
  | { name: string; kind: 'requests' }
  | {
      name: string
      kind: 'latency'
      slowerThanMs: number
      /** Bucket boundaries that are watched, rising, fixed when the release begins; else the reader takes the next one above. */
      boundariesMs?: number[]
    }
  | { name: string; kind: 'counters'; total: string; bad: string }
  /** Users per arm, and those of them who did what is hoped for; only an A/B test asks. */
  | { name: string; kind: 'conversion'; total: string; converted: string }
  | { name: string; kind: 'gauge'; query: string; bounds: Bounds; advisory: boolean }

/** All that are given have to hold; `cel` is an expression over the number `value`. */
export type Bounds = { max?: number; min?: number; cel?: string }

/** Where credentials are found; the values are resolved in activities and never stored. */
export type PrometheusAuth = {
  bearerToken?: SecretKey
  basic?: { username: SecretKey; password: SecretKey }
  caBundle?: SecretKey
  headers?: { name: string; value: SecretKey }[]
}
export type SecretKey = { secret: string; key: string }
