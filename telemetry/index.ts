export { startHealthServer, type HealthOptions, type HealthServer, type Probe } from './health.ts'
export { createLog, rolloutLog, type About, type Logger, type LogOptions } from './log.ts'
export { createMetrics, type Metrics, type RolloutSample } from './metrics.ts'
