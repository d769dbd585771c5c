import { situations, type Ledger } from '../analysis/index.ts'

/** Enough for every comparison, and the same on machines whose `exp` differs in the last bits. */
const DIGITS = 12

/** ln E of the whole release after every row, whatever the verdict was before. */
export function traceOf(ledger: Ledger): number[] {
  const trace: number[] = []
  for (const { evidence } of situations(ledger)) trace.push(Number(evidence.lnE().toPrecision(DIGITS)))
  return trace
}
