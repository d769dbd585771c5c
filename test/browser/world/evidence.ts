import { binomial, poisson, seeded } from '../../../analysis/draw/index.ts'
import { judge, type Ledger, type Row } from '../../../analysis/index.ts'
import { policyOf } from '../../../bench/evidence/policy.ts'
import type { Explanation } from '../../../crds/verdict.ts'

/** A stretch of intervals at one weight. `bad` and `slow` are shares of the canary's requests; stable's are STABLE. */
export type Stretch = { weight: number; rows: number; bad?: number; slow?: number; silent?: true }

export type Traffic = {
  seed: number
  canary: string
  baseline: string
  from: number
  perRow?: number
  stretches: Stretch[]
}

export const INTERVAL_S = 15
const STABLE = { bad: 0.002, slow: 0.03 }

/** What Prometheus would have counted: drawn, and the same every time. `from` is epoch seconds. */
export function ledgerOf({ seed, canary, baseline, from, perRow = 900, stretches }: Traffic): Ledger {
  const random = seeded(seed)
  const rows: Row[] = []
  for (const [slot, { weight, rows: count, bad = STABLE.bad, slow = STABLE.slow, silent }] of stretches.entries()) {
    for (let i = 0; i < count; i++) {
      const t0 = rows.at(-1)?.t1 ?? from
      const n = poisson(random, perRow)
      const nc = binomial(random, n, weight / 100)
      const nb = n - nc
      const cell = (c: number, b: number): [number, number, number, number] => [
        nc,
        nb,
        binomial(random, nc, c),
        binomial(random, nb, b),
      ]
      const cells = silent ? {} : { errors: cell(bad, STABLE.bad), 'latency:250': cell(slow, STABLE.slow) }
      rows.push({ t0, t1: t0 + INTERVAL_S, weight, slot, ready: 1, cells, ...(silent ? { missing: SILENCE } : {}) })
    }
  }
  return { v: 1, canary, baseline, policy: POLICY, sources: [], rows, ...running(rows, stretches.at(-1)) }
}

/** What the engine would say to it. Rows behind a rollback are nobody's: the release is over. */
export function judged(ledger: Ledger): { ledger: Ledger; verdict: Explanation } {
  const verdict = judge({ ledger })
  const rows = verdict.verdict === 'rollback' ? ledger.rows.slice(0, verdict.row + 1) : ledger.rows
  return { ledger: { ...ledger, rows }, verdict }
}

const SILENCE = 'Prometheus answers, and knows no such series'

const POLICY = policyOf({
  slots: 4,
  prometheus: { address: 'http://prometheus.monitoring:9090' },
  metrics: [
    { name: 'errors', kind: 'requests' },
    { name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] },
  ],
})

function running(rows: Row[], last: Stretch | undefined): Pick<Ledger, 'running'> {
  const first = rows.at(-(last?.rows ?? 0))
  return first ? { running: { kind: 'analyze', from: first.t0, for: 600 } } : {}
}
