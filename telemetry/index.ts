export { startHealthServer, type Probe } from './health.ts'
export { createLog, rolloutLog, type Logger } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { createSparing } from './sparing.ts'
