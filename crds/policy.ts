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
  /** φ: tempering for bursts, ≥ 1. */
  burst: number
}

export type Metric =
  | { name: string; kind: 'requests' }
  | {
      name: string
      kind: 'latency'
      slowerThanMs: number
      /** The bucket boundary that stands for it, fixed when the release begins; else the reader takes the next one above. */
      boundaryMs?: number
    }

/** Where credentials are found; the values are resolved in activities and never stored. */
export type PrometheusAuth = {
  bearerToken?: SecretKey
  basic?: { username: SecretKey; password: SecretKey }
  caBundle?: SecretKey
  headers?: { name: string; value: SecretKey }[]
}
export type SecretKey = { secret: string; key: string }
