import { writeFile } from 'node:fs/promises'
import { isOpen, statusOf } from '../probe.ts'
import type { ServerFactory } from './server.ts'

/** What istiod does in a cluster and has nobody to do it for here: injection, pods that register, certificates. */
const ENVIRONMENT = {
  POD_NAME: 'istiod-0',
  POD_NAMESPACE: 'istio-system',
  CLUSTER_ID: 'Kubernetes',
  PILOT_CERT_PROVIDER: 'none',
  ENABLE_CA_SERVER: 'false',
  XDS_AUTH: 'false',
  PILOT_ENABLE_XDS_IDENTITY_CHECK: 'false',
  ENABLE_LEADER_ELECTION: 'false',
  INJECT_ENABLED: 'false',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_DISABLE_MX_ALPN: 'true',
  PILOT_ENABLE_IP_AUTOALLOCATE: 'false',
  PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION: 'false',
  PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS: 'false',
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  ENABLE_DEBUG_ENDPOINT_AUTH: 'false',
  ENABLE_NATIVE_SIDECARS: 'false',
  PILOT_DEBOUNCE_AFTER: '20ms',
}

/** Pods have proxies: it signs their certificates, and gives each only its own configuration. */
const AUTHORITY = { ENABLE_CA_SERVER: 'true', XDS_AUTH: 'true', PILOT_ENABLE_XDS_IDENTITY_CHECK: 'true' }

export const istiod: ServerFactory = ({ ports, pki, kubeconfig, path, sidecars }) => ({
  port: ports.istiodHttp,
  configure: () => writeFile(path('config', 'mesh.json'), JSON.stringify(meshConfig(ports.istiodXds))),
  command: (tools) => tools.istiod,
  env: sidecars ? { ...ENVIRONMENT, ...AUTHORITY } : ENVIRONMENT,
  args: [
    'discovery',
    `--kubeconfig=${kubeconfig.istiod}`,
    `--meshConfig=${path('config', 'mesh.json')}`,
    `--networksConfig=${path('config', 'no-networks')}`,
    `--httpAddr=127.0.0.1:${ports.istiodHttp}`,
    `--monitoringAddr=127.0.0.1:${ports.istiodMonitoring}`,
    `--grpcAddr=127.0.0.1:${ports.istiodXds}`,
    `--httpsAddr=127.0.0.1:${ports.istiodWebhook}`,
    `--tlsCertFile=${pki.certificate}`,
    `--tlsKeyFile=${pki.key}`,
    `--caCertFile=${pki.ca}`,
    `--secureGRPCAddr=${sidecars ? `127.0.0.1:${ports.istiodSecure}` : ''}`,
    '--ctrlz_address=127.0.0.1',
    `--ctrlz_port=${ports.istiodControl}`,
    '--keepaliveMaxServerConnectionAge=24h',
    '--profile=false',
  ],
  ready: async () =>
    (await statusOf(`http://127.0.0.1:${ports.istiodHttp}/ready`)) === 200 &&
    (await isOpen(ports.istiodXds)) &&
    (!sidecars || (await isOpen(ports.istiodSecure))) &&
    (await isOpen(ports.istiodWebhook)),
})

function meshConfig(xdsPort: number): object {
  return {
    rootNamespace: 'istio-system',
    trustDomain: 'cluster.local',
    ingressControllerMode: 'OFF',
    enableAutoMtls: false,
    enablePrometheusMerge: false,
    enableTracing: false,
    accessLogFile: '',
    defaultConfig: { discoveryAddress: `127.0.0.1:${xdsPort}`, interceptionMode: 'NONE' },
  }
}
