import { statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

export const etcd: ServerFactory = ({ ports, path }) => {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return {
    port: ports.etcd,
    command: (tools) => tools.etcd,
    args: [
      '--name=stack',
      `--data-dir=${path('etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=stack=${peer}`,
      // For throw-away clusters only: a crash of the machine may lose writes, a crash of etcd does not.
      '--unsafe-no-fsync',
      '--heartbeat-interval=50',
      '--election-timeout=500',
      '--log-level=warn',
    ],
    ready: async () => (await statusOf(`${client}/health`)) === 200,
  }
}
