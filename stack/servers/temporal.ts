import { isOpen, statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

const SEARCH_ATTRIBUTES = {
  RolloutNamespace: 'Keyword',
  RolloutName: 'Keyword',
  RolloutCluster: 'Keyword',
  RolloutStrategy: 'Keyword',
  RolloutPhase: 'Keyword',
  RolloutRevision: 'Keyword',
  AwaitingApproval: 'Bool',
  CanaryWeight: 'Int',
}

/** Temporal with its UI, on a file: a restart knows every open run. */
export const temporal: ServerFactory = ({ ports, path }) => ({
  port: ports.temporal,
  command: (tools) => tools.temporal,
  args: [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${ports.temporal}`,
    `--ui-port=${ports.temporalUi}`,
    `--metrics-port=${ports.temporalMetrics}`,
    `--db-filename=${path('temporal.db')}`,
    '--ui-disable-news-fetch',
    '--log-level=error',
    ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => `--search-attribute=${name}=${type}`),
  ],
  ready: async () =>
    (await isOpen(ports.temporal)) && (await statusOf(`http://127.0.0.1:${ports.temporalUi}/`)) === 200,
})
