import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { releaseMetrics } from './release-metrics.ts'
import { rolloutMetrics } from './rollout-metrics.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** The engine's own series. Never a revision or a step as a label: series must not grow with releases. */
export function createMetrics(now: () => number = Date.now) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  return {
    /** Of one process; `content()` is what `/metrics` serves. */
    content: (): Promise<string> => registry.metrics(),
    contentType: registry.contentType,
    ...reconcileMetrics(registers),
    watchRestarts: new Counter({
      name: 'sluice_watch_restarts_total',
      help: 'Watches that ended in an error and were begun anew.',
      labelNames: ['kind'],
      registers,
    }),
    notifications: new Counter({
      name: 'sluice_notifications_total',
      help: 'Attempts to tell a Channel, by result: told or failed.',
      labelNames: ['result'],
      registers,
    }),
    ...releaseMetrics(registers),
    ...rolloutMetrics(registers, now),
  }
}

function reconcileMetrics(registers: Registry[]) {
  return {
    reconciles: new Counter({
      name: 'sluice_reconcile_total',
      help: 'Reconciles of a Rollout, by result.',
      labelNames: ['result'],
      registers,
    }),
    reconcileErrors: new Counter({
      name: 'sluice_reconcile_errors_total',
      help: 'Reconciles that failed and were tried again.',
      registers,
    }),
    queueDepth: new Gauge({ name: 'sluice_workqueue_depth', help: 'Rollouts that wait for a reconcile.', registers }),
    queueDuration: new Histogram({
      name: 'sluice_workqueue_queue_duration_seconds',
      help: 'How long a Rollout waited for its reconcile.',
      buckets: [0.001, 0.01, 0.1, 1, 10],
      registers,
    }),
  }
}
