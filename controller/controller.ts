import { createQueue, type Kube, type QueueObserver } from '../kube/index.ts'
import type { Logger, Metrics } from '../telemetry/index.ts'
import { openCaches } from './caches.ts'
import { createReconciler, type Timing } from './reconcile.ts'
import type { Workflows } from './workflows.ts'

export type ControllerOptions = {
  kube: Kube
  workflows: Workflows
  log: Logger
  metrics: Metrics
  /** Defaults are right in a cluster; tests shorten them. */
  timing?: Partial<Timing>
}

export type Controller = {
  /** All caches are complete: judgements are made. */
  ready(): boolean
  /** Epoch milliseconds at which the API server was heard of last, by the quietest watch. */
  lastActivity(): number
  stop(): Promise<void>
}

const TIMING: Timing = { checkMs: 60_000, unavailableAfterMs: 10_000, invalidMs: 30_000 }
/** Everything is judged again from the caches, without a request: what was missed for whatever reason is found. */
const RESYNC_MS = 10 * 60_000

/**
 * Cluster change → workflow: notices that something must happen to a Rollout and tells its run to look. Returns at
 * once; without the API server it keeps trying. Two controllers at a time are noisy, not wrong.
 */
export function startController({ kube, workflows, log, metrics, timing }: ControllerOptions): Controller {
  let ready = false
  const caches = openCaches({
    kube,
    log,
    onRestart: (kind) => metrics.watchRestarts.inc({ kind }),
    // An incomplete cache looks like "everything was deleted".
    onChange: (key) => ready && queue.add(key),
  })
  const reconcile = createReconciler({
    kube,
    workflows,
    log,
    metrics,
    view: (rollout) => caches.view(rollout),
    timing: { ...TIMING, ...timing },
  })
  const queue = createQueue({ reconcile, log, observe: observer(metrics) })
  const resync = (): void => caches.rollouts().forEach((key) => queue.add(key))
  const timer = setInterval(() => ready && resync(), RESYNC_MS)
  void caches.synced.then(() => {
    ready = true
    log.info({ rollouts: caches.rollouts().length }, 'caches complete')
    resync()
  })
  return {
    ready: () => ready,
    lastActivity: () => caches.lastActivity(),
    async stop() {
      clearInterval(timer)
      await queue.stop()
      await caches.stop()
    },
  }
}

const observer = (metrics: Metrics): QueueObserver => ({
  depth: (keys) => metrics.queueDepth.set(keys),
  waited: (seconds) => metrics.queueDuration.observe(seconds),
  result(result) {
    metrics.reconciles.inc({ result })
    if (result === 'error') metrics.reconcileErrors.inc()
  },
})
