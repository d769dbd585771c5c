import type { Cell } from './cell.ts'

/** What one check found at one row: the verdict, its reason, and what the sentence needs beside the evidence. */
export type Finding =
  | { verdict: 'rollback'; reason: 'crash' | 'evidence' | 'deadline' }
  | { verdict: 'rollback'; reason: 'notReady'; times: number }
  | { verdict: 'rollback'; reason: 'mostlyBad'; cell: Cell; rows: number }
  | { verdict: 'rollback'; reason: 'budget'; metric: string; excess: number; budget: number }
  | { verdict: 'retreat'; reason: 'notReadyPods'; times: number }
  | { verdict: 'advance'; reason: 'clean' | 'deadlinePromote' }
  | { verdict: 'hold'; reason: 'noData'; missing: string[] }
  | { verdict: 'hold'; reason: 'inconclusive' }
  | { verdict: 'hold'; reason: 'notYet'; bare: boolean }
