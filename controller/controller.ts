import process from 'node:process'
import { createQueue, createRecorder, type Kube, type QueueObserver, type Recorder } from '../kube/index.ts'
import type { Logger, Metrics } from '../telemetry/index.ts'
import { openCaches, type Caches } from './caches.ts'
import { startDecisions, type DecisionsOptions } from './decisions.ts'
import { createReconciler, type Timing } from './reconcile.ts'
import type { Workflows } from './workflows.ts'

export type ControllerOptions = {
  kube: Kube
  workflows: Workflows
  log: Logger
  metrics: Metrics
  /** Others judge; caches are kept, so that it can take over at once. Default: it leads from the start. */
  standby?: boolean
  /** Defaults are right in a cluster; tests shorten them. */
  timing?: Partial<ControllerTiming>
}

/** Milliseconds. */
type ControllerTiming = Timing & {
  /** How long a Decision stays after its outcome; longer while the record of its release is kept. */
  keepDecisionsMs: number
  /** How often older ones are looked for. */
  collectMs: number
}

export type Controller = {
  /** All caches are complete: judgements are made. */
  ready(): boolean
  /** Epoch milliseconds at which the API server was heard of last, by the quietest watch. */
  lastActivity(): number
  /** From now on it judges, everything at first, or leaves that to others. */
  setLeading(leading: boolean): void
  stop(): Promise<void>
}

const TIMING: ControllerTiming = {
  checkMs: 60_000,
  unavailableAfterMs: 10_000,
  invalidMs: 30_000,
  settleMs: 5_000,
  keepDecisionsMs: 30 * 24 * 3_600_000,
  collectMs: 60 * 60_000,
}
/** Everything is judged again from the caches, without a request: what was missed for whatever reason is found. */
const RESYNC_MS = 10 * 60_000

/**
 * Cluster change → workflow: notices that something must happen to a Rollout and tells its run to look. Returns at
 * once; without the API server it keeps trying. Two controllers at a time are noisy, not wrong.
 */
export function startController(options: ControllerOptions): Controller {
  const { kube, log, metrics, standby = false } = options
  let ready = false
  let leading = !standby
  const caches = openCaches({
    kube,
    log,
    settleMs: timingOf(options).settleMs,
    onRestart: (kind) => metrics.watchRestarts.inc({ kind }),
    // An incomplete cache looks like "everything was deleted".
    onChange: (key) => ready && leading && queue.add(key),
  })
  const reconcile = reconcilerOf(options, caches, () => leading)
  const judge: typeof reconcile = async (key) => (leading ? reconcile(key) : {})
  const queue = createQueue({ reconcile: judge, log, observe: observer(metrics) })
  const resync = (): void => {
    if (ready && leading) for (const key of caches.rollouts()) queue.add(key)
  }
  // Whoever leads: a word must not wait until a lease has found another holder.
  const decisions = startDecisions(decisionsOptions(options, caches, () => ready && leading))
  const timer = setInterval(resync, RESYNC_MS)
  void Promise.all([caches.synced, decisions.synced]).then(() => {
    ready = true
    log.info({ rollouts: caches.rollouts().length }, 'caches complete')
    resync()
  })
  return {
    ready: () => ready,
    lastActivity: () => Math.min(caches.lastActivity(), decisions.lastActivity()),
    setLeading(now) {
      leading = now
      if (!now) metrics.forgetRollouts()
      resync()
    },
    async stop() {
      clearInterval(timer)
      await Promise.all([queue.stop(), decisions.stop()])
      await caches.stop()
    },
  }
}

const decisionsOptions = (
  options: ControllerOptions,
  caches: Caches,
  collects: DecisionsOptions['collects'],
): DecisionsOptions => ({
  ...options,
  ...timingOf(options),
  collects,
  events: recorderOf(options),
  onRestart: (kind) => options.metrics.watchRestarts.inc({ kind }),
  hasRelease: (release) => caches.hasRelease(release),
})

const recorderOf = ({ kube }: ControllerOptions): Recorder =>
  createRecorder({ kube, controller: 'sluice.dev/engine', instance: `${process.pid}` })

const timingOf = ({ timing }: ControllerOptions): ControllerTiming => ({ ...TIMING, ...timing })

const reconcilerOf = (options: ControllerOptions, caches: Caches, leads: () => boolean) =>
  createReconciler({
    ...options,
    // What was begun before the lease was lost says nothing after it.
    metrics: {
      setRollout: (sample) => leads() && options.metrics.setRollout(sample),
      forgetRollout: (ref) => options.metrics.forgetRollout(ref),
    },
    timing: timingOf(options),
    events: recorderOf(options),
    view: (rollout) => caches.view(rollout),
    follow: (rollout) => caches.follow(rollout),
  })

const observer = (metrics: Metrics): QueueObserver => ({
  depth: (keys) => metrics.queueDepth.set(keys),
  waited: (seconds) => metrics.queueDuration.observe(seconds),
  result(result) {
    metrics.reconciles.inc({ result })
    if (result === 'error') metrics.reconcileErrors.inc()
  },
})
