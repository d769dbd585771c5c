import type { Ledger } from '../analysis/index.ts'
import type { ReleaseStatus } from '../crds/schema/release.ts'

/** Requests and failed ones of both sides, by the metric that counts requests best. */
export function countsOf({ policy, rows }: Ledger): NonNullable<ReleaseStatus['counts']> {
  const metric =
    policy.metrics.find(({ kind }) => kind === 'requests') ??
    policy.metrics.find(({ kind }) => kind !== 'gauge' && kind !== 'conversion')
  const counts = { canary: { requests: 0, failed: 0 }, stable: { requests: 0, failed: 0 } }
  for (const { cells } of rows) {
    const key = Object.keys(cells).find((name) => name === metric?.name || name.startsWith(`${metric?.name}:`))
    const [nc, nb, xc, xb] = (key !== undefined && cells[key]) || [0, 0, 0, 0]
    counts.canary.requests += nc
    counts.stable.requests += nb
    counts.canary.failed += xc
    counts.stable.failed += xb
  }
  return counts
}
