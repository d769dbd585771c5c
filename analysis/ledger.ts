import type { Policy } from '../crds/policy.ts'
import type { Cell } from './cell.ts'

/** One interval `(t0, t1]`, epoch seconds; edges are multiples of the policy's interval. */
export type Row = {
  t0: number
  t1: number
  /** Canary percent in force. */
  weight: number
  /** No weight, but a cohort, copies or a preview: pods count, requests are nobody's evidence. */
  beside?: true
  /** Restart slot, +1 at every weight change. */
  slot: number
  /** Kept, but no evidence. */
  flag?: 'warmup' | 'gap' | 'retreat'
  /** Canary pods ready at t1. */
  ready: number
  crash?: true
  /** Seconds without any ready canary pod, where such a stretch closed the row before its edge. Five of them are a retreat at once. */
  bareFor?: number
  /** One per metric; latency one per boundary, `latency:500`. Missing = no data. */
  cells: Record<string, Cell>
  /** Users of canary and baseline who came, and who converted, per conversion; who came earlier may convert now. */
  users?: Record<string, Cell>
  /** Canary pods (destination reporter), top ten, attribution only. */
  pods?: Record<string, [n: number, x: number]>
  /** Bad events by code, flag or route; at most 20 keys, for the explanation. */
  classes?: Record<string, [nc: number, nb: number]>
  /** The first row after a localised pod was replaced: older slots count as 1 from here on. */
  replaced?: true
  /** Values of gauges at t1; missing = no data. */
  gauges?: Record<string, number>
  /** More series answered than a release may have. */
  tooManySeries?: true
  /** Why metrics have no data in this row: what Prometheus said, or did not say. For the sentence only. */
  missing?: string
}

/** What was asked of whom; goes into the explanation. */
export type Source = { metric: string; query: string; window: string }

/** What Prometheus knew of the service when the release began: it fixes boundaries and the first rung. */
export type Before = {
  /** Requests per second of stable, over five minutes. */
  rate?: number
  /** Requests and bad ones of stable over 30 minutes and 6 hours. */
  burn?: { short: [n: number, x: number]; long: [n: number, x: number] }
}

/**
 * The step that has a right to advance: since when (epoch seconds), and for an `analyze` or `bake` how many seconds of
 * data. An A/B test ends when it is known which revision the `metric` prefers.
 */
export type Running =
  | { kind: 'analyze' | 'bake'; from: number; for: number }
  | { kind: 'ramp'; from: number }
  | { kind: 'abTest'; from: number; metric?: string }

export type Ledger = {
  v: 1
  canary: string
  baseline: string
  policy: Policy
  sources: Source[]
  before?: Before
  /** Absent while no step has the right to advance. */
  running?: Running
  /** Oldest rows that had to go, because the ledger would not have fitted into its object. Their evidence went with them. */
  cut?: number
  rows: Row[]
}
