import type { Row } from './ledger.ts'

/** Rows that fast path, budget and the sizes of steps may look at; evidence leaves out those of the warm-up, too. */
export const counts = ({ flag }: Pick<Row, 'flag'>): boolean => flag === undefined || flag === 'warmup'
