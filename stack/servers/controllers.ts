import { statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'clusterrole-aggregation-controller',
  'endpointslice-controller',
  'job-controller',
  'ttl-after-finished-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
]

/** kube-controller-manager, with the controllers that a cluster without nodes of its own needs. */
export const controllers: ServerFactory = ({ ports, pki, kubeconfig }) => ({
  port: ports.controllers,
  command: (tools) => tools['kube-controller-manager'],
  args: [
    `--kubeconfig=${kubeconfig.controllers}`,
    '--authentication-skip-lookup=true',
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.controllers}`,
    `--tls-cert-file=${pki.certificate}`,
    `--tls-private-key-file=${pki.key}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--controllers=${CONTROLLERS.join(',')}`,
    `--service-account-private-key-file=${pki.accountKey}`,
    `--root-ca-file=${pki.ca}`,
    '--concurrent-gc-syncs=4',
    '--min-resync-period=12h',
    '--horizontal-pod-autoscaler-sync-period=1s',
    '--v=1',
  ],
  ready: async () => (await statusOf(`https://127.0.0.1:${ports.controllers}/healthz`, pki.ca)) === 200,
})
