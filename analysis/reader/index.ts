/** What Prometheus says, counted: the only part of the analysis that asks anybody. */
export { readPast } from './past.ts'
export { createSamplers } from './samplers.ts'
