import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureTools } from '../../tools/resolve.ts'
import { dynamicResources, grpcCluster, loopback } from '../envoy.ts'
import type { Image } from '../node/command.ts'

/** Name of the image of a pod's own proxy. */
export const PROXY_IMAGE = 'istio.local/proxy:1.31.0'

/** An address that no workload has: istiod would take the proxy for that workload's own. */
const ADDRESS = '127.0.9.2'
const CONFIG_PATH = './etc/istio/proxy'

export type ProxyOptions = {
  /** Where its files go. */
  folder: string
  /** Where istiod gives certificates and configuration over TLS. */
  istiodPort: number
  /** PEM file of the authority of istiod's own certificate. */
  authority: string
}

/**
 * Istio's agent of a sidecar with a plain Envoy: the agent fetches a certificate for the pod's ServiceAccount from
 * istiod, renews it, and stands between Envoy and istiod, as in a cluster.
 */
export async function proxyImage({ folder, istiodPort, authority }: ProxyOptions): Promise<Image> {
  const tools = await ensureTools({ names: ['pilot-agent', 'envoy'] })
  const template = join(folder, 'sidecar.json.tmpl')
  const mesh = join(folder, 'sidecar-mesh.json')
  await writeFile(template, bootstrapTemplate())
  const defaultConfig = {
    binaryPath: tools.envoy,
    proxyBootstrapTemplatePath: template,
    configPath: CONFIG_PATH,
    discoveryAddress: `127.0.0.1:${istiodPort}`,
    concurrency: 1,
    drainDuration: '1s',
    terminationDrainDuration: '1s',
  }
  await writeFile(mesh, JSON.stringify({ defaultConfig }))
  return {
    entrypoint: [
      tools['pilot-agent'],
      'proxy',
      'sidecar',
      '--domain=$(POD_NAMESPACE).svc.cluster.local',
      `--meshConfig=${mesh}`,
    ],
    env: { INSTANCE_IP: ADDRESS, CA_ROOT_CA: authority, XDS_ROOT_CA: authority, GRPC_XDS_BOOTSTRAP: '' },
    exposes: ['inbound', 'outbound', 'admin'],
  }
}

/** The agent fills in who the pod is. Istio's own template listens on every address of the machine. */
function bootstrapTemplate(): string {
  const port = '«.config.ProxyAdminPort»'
  const pipe = (path: string): object => ({ pipe: { path } })
  const bootstrap = {
    node: { id: '{{ .nodeID }}', cluster: '{{ .cluster }}', metadata: '«.meta_json_str»' },
    admin: { address: loopback(port) },
    dynamic_resources: dynamicResources(),
    static_resources: {
      clusters: [
        grpcCluster('xds-grpc', pipe(`${CONFIG_PATH}/XDS`)),
        grpcCluster('sds-grpc', pipe('./var/run/secrets/workload-spiffe-uds/socket')),
      ],
    },
  }
  // What is no text stands without quotation marks.
  return JSON.stringify(bootstrap).replaceAll(/"«([^»]+)»"/g, '{{ $1 }}')
}
