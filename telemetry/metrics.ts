import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

const ROLLOUT = ['namespace', 'name'] as const

/** The engine's own series. Never a revision or a step as a label: series must not grow with releases. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const rollouts = rolloutGauges(registers)

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
    analysisVerdicts: new Counter({
      name: 'sluice_analysis_verdicts_total',
      help: 'Verdicts of the analysis, by what they say.',
      labelNames: [...ROLLOUT, 'verdict'],
      registers,
    }),
    rollbacks: new Counter({
      name: 'sluice_rollbacks_total',
      help: 'Releases that went back to stable, by reason.',
      labelNames: [...ROLLOUT, 'reason'],
      registers,
    }),
    ...rollouts,
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

export type RolloutSample = {
  namespace: string
  name: string
  /** Percent of the requests that the canary gets. */
  weight: number
  conditions: { type: string; status: string }[]
}

function rolloutGauges(registers: Registry[]) {
  const info = new Gauge({
    name: 'sluice_rollout_info',
    help: '1 for every Rollout the engine knows.',
    labelNames: ROLLOUT,
    registers,
  })
  const weight = new Gauge({
    name: 'sluice_rollout_weight',
    help: 'Percentage of the requests that the canary gets.',
    labelNames: ROLLOUT,
    registers,
  })
  const condition = new Gauge({
    name: 'sluice_rollout_condition',
    help: '1 for every condition that a Rollout has, by type and status.',
    labelNames: [...ROLLOUT, 'type', 'status'],
    registers,
  })
  const conditionTypes = ['Ready', 'Reconciling', 'Stalled']

  function forget({ namespace, name }: { namespace: string; name: string }): void {
    info.remove({ namespace, name })
    weight.remove({ namespace, name })
    for (const type of conditionTypes) {
      for (const status of ['True', 'False', 'Unknown']) condition.remove({ namespace, name, type, status })
    }
  }

  return {
    /** Replaces what was known of this Rollout. */
    setRollout({ namespace, name, weight: percent, conditions }: RolloutSample): void {
      forget({ namespace, name })
      info.set({ namespace, name }, 1)
      weight.set({ namespace, name }, percent)
      for (const { type, status } of conditions) condition.set({ namespace, name, type, status }, 1)
    },
    /** The Rollout is gone, and its series with it. */
    forgetRollout: forget,
  }
}
