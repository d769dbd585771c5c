import type { Cell, Ledger, Row } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { policy, T } from './shop.ts'

/** Ledgers from short lists: rows follow each other, at 25 % in slot 0 with a ready pod unless they say otherwise. */

export type ShortRow = Partial<Row> & { errors?: Cell; latency?: Cell }

/** `analyze`: the running step. */
export function ledgerOf(
  rows: ShortRow[],
  changes: Partial<Policy> = {},
  analyze?: { from: number; for: number },
): Ledger {
  const { interval } = policy(changes)
  return {
    v: 1,
    canary: 'checkout-c',
    baseline: 'checkout-b',
    policy: policy(changes),
    ...(analyze ? { running: { kind: 'analyze', ...analyze } } : {}),
    sources: [{ metric: 'errors', query: 'istio_requests_total{…}', window: '15s' }],
    rows: rows.map(({ errors, latency, ...row }, i) => ({
      t0: T + i * interval,
      t1: T + (i + 1) * interval,
      weight: 25,
      slot: 0,
      ready: 1,
      cells: { ...(errors ? { errors } : {}), ...(latency ? { 'latency:250': latency } : {}) },
      ...row,
    })),
  }
}

/** One row per cell, at the weight that its requests show. */
export const errors = (cells: Cell[]): ShortRow[] =>
  cells.map((cell) => ({ errors: cell, weight: Math.round((100 * cell[0]) / (cell[0] + cell[1])) }))

export const clean: ShortRow = { errors: [100, 300, 0, 0] }
export const bare: ShortRow = { ready: 0, flag: 'retreat', errors: [0, 400, 0, 0] }
export const silent: ShortRow = { cells: {}, missing: 'nobody answers' }
export const times = (count: number, row: ShortRow): ShortRow[] => Array.from({ length: count }, () => ({ ...row }))
