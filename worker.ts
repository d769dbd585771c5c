import { fileURLToPath } from 'node:url'
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type LogEntry,
} from '@temporalio/worker'
import { SdkComponent } from '@temporalio/common'
import pRetry from 'p-retry'
import { createActivities, type Deps } from './activities/index.ts'
import { TASK_QUEUE } from './crds/names.ts'
import { describeError } from './kube/index.ts'
import { createSparing, type Logger } from './telemetry/index.ts'
import type { TemporalAccess } from './temporal.ts'

/** `namespace`: of Temporal. */
export type WorkersOptions = { temporal: TemporalAccess; namespace: string; deps: Deps; log: Logger }

export type Workers = { trouble(): string | undefined; stop(): Promise<void>; ended: Promise<void> }

const SHUTDOWN_GRACE = '5s'

/** One worker per task queue, so that a hundred watches never take the slot of a rollback. Waits for Temporal as long as it takes. */
export async function startWorkers({ temporal, namespace, deps, log }: WorkersOptions): Promise<Workers> {
  const connection = await connect(temporal, log)
  const activities = createActivities(deps)
  const shared = { connection, namespace, shutdownGraceTime: SHUTDOWN_GRACE }
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUE.act,
      workflowsPath: fileURLToPath(new URL('workflows/index.ts', import.meta.url)),
      activities: activities.act,
      maxConcurrentActivityTaskExecutions: 100,
    }),
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUE.watch,
      activities: activities.watch,
      maxConcurrentActivityTaskExecutions: 1_000,
    }),
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUE.notify,
      activities: activities.notify,
      // A dead sink keeps its slot for seconds, and Events have to pass.
      maxConcurrentActivityTaskExecutions: 200,
    }),
  ])
  const ended = Promise.all(workers.map((worker) => worker.run())).then(() => undefined)
  return {
    trouble: () => workers.map((worker) => worker.getState()).find((state) => state !== 'RUNNING'),
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
      await ended
      await connection.close()
    },
    ended,
  }
}

/** Temporal's own log lines become lines of ours. Once per process, before the first connection. */
export function installRuntime(log: Logger): void {
  const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
  const isDue = createSparing()
  const write = ({ level, message, meta = {} }: LogEntry): void => {
    // The native part counts its attempts aloud while Temporal is away.
    const isNative = meta.sdkComponent === SdkComponent.core
    if (!isNative || isDue(message.replaceAll(/\d+/g, '…'))) log[levels[level]](meta, message)
  }
  Runtime.install({
    logger: new DefaultLogger('WARN', write),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
    shutdownSignals: [],
  })
}

function connect(options: TemporalAccess, log: Logger): Promise<NativeConnection> {
  const isDue = createSparing()
  return pRetry(() => NativeConnection.connect(options), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 500,
    maxTimeout: 5_000,
    onFailedAttempt({ error }) {
      const words = describeError(error)
      if (isDue(words)) log.warn({ error: words }, `Temporal at ${options.address} does not answer yet; trying on`)
    },
  })
}
