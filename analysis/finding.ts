import type { Cell } from './cell.ts'
import type { Gauge } from './gauges.ts'
import type { Preference } from './preference.ts'

/** What one check found at one row: the verdict, its reason, and what the sentence needs beside the evidence. */
export type Finding =
  | { verdict: 'rollback'; reason: 'crash' | 'evidence' | 'deadline' }
  | ({ verdict: 'rollback' } & Preferred)
  | ({ verdict: 'advance' } & Preferred)
  | { verdict: 'rollback'; reason: 'notReady'; times: number }
  | { verdict: 'rollback'; reason: 'mostlyBad'; metric: string; cell: Cell; rows: number }
  | { verdict: 'rollback'; reason: 'budget'; metric: string; excess: number; budget: number }
  | { verdict: 'rollback'; reason: 'bound'; gauge: Gauge }
  | { verdict: 'retreat'; reason: 'notReadyPods'; times: number }
  | { verdict: 'advance'; reason: 'clean' | 'deadlinePromote' | 'notInferior' | 'belowSlo' }
  | { verdict: 'advance'; reason: 'nextRung'; next: number }
  | { verdict: 'hold'; reason: 'noData'; missing: string[] }
  | { verdict: 'hold'; reason: 'localised'; pod: string; share: number }
  | { verdict: 'hold'; reason: 'splitMismatch' | 'tooManySeries' }
  | { verdict: 'hold'; reason: 'inconclusive'; why: 'deadline' | 'unjudged' | 'tooFew' }
  | { verdict: 'hold'; reason: 'notYet'; bare: boolean }

/** An A/B test is decided. */
type Preferred = { reason: 'preferred'; metric: string; preference: Preference }
