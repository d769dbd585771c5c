import { createKube, createQueue, reflect, type Kube, type Log, type Reflector } from '../../kube/index.ts'
import { catalogue as images } from '../images/catalogue.ts'
import { withdrawAll } from './address.ts'
import type { Catalogue } from './command.ts'
import { serveEndpoint, type EndpointOptions } from './endpoint.ts'
import { createKeeper } from './keeper.ts'
import { endpointDelayOf, NODE_NAME, registerNode, type Node } from './node.ts'
import { NODES, PODS, type Pod } from './pod.ts'
import { obstacleTo } from './placement.ts'
import { endLeftovers, openRecords } from './records.ts'
import { keepTargets } from './targets.ts'

export { setCordoned, setEndpointDelay } from './node.ts'
export { endLeftovers } from './records.ts'

export type AgentOptions = {
  kubeconfig: string
  /** Logs and the list of processes go to `pods/` in it. One agent per directory. */
  stateDir: string
  /** From Ready to the address in milliseconds; `setEndpointDelay` changes it while the agent runs. */
  endpointDelayMs?: number
  /** Where the API server asks for logs and metrics; without it there are none. */
  endpoint?: EndpointOptions
  catalogue?: Catalogue
  log: Log
}

/**
 * The node `local`: binds every Pod, runs it as processes of this machine and tells the API server what is true about
 * them. What an agent that was killed left behind is ended first. Watches; asks nothing again and again but probes.
 */
export async function startAgent(options: AgentOptions): Promise<{ stop(): Promise<void> }> {
  const { kubeconfig, stateDir, endpointDelayMs = 100, catalogue = images, endpoint, log } = options
  const kube = createKube({ kubeconfig })
  const ended = await endLeftovers(stateDir)
  const records = openRecords(stateDir)
  await registerNode(kube, endpointDelayMs, endpoint?.port)
  const withdrawn = await withdrawAll(kube)
  if (ended + withdrawn > 0) log.info({ processes: ended, addresses: withdrawn }, 'cleared what an earlier agent left')

  const { nodes, pods } = watchAll({ kube, log, stateDir }, (key) => queue.add(key))
  const keeper = createKeeper({
    kube,
    log,
    pod: (key) => pods.get(key),
    obstacleTo: (pod, placed) => obstacleTo(pod, { node: nodes.get(`/${NODE_NAME}`), pods: pods.items(), placed }),
    endpointDelayMs: () => endpointDelayOf(nodes.get(`/${NODE_NAME}`), endpointDelayMs),
    run: { catalogue, records, stateDir, onChange: (key) => queue.add(key) },
  })
  const synced = Promise.all([nodes.synced, pods.synced])
  const queue = createQueue({
    log,
    concurrency: 32,
    backoffCapMs: 2_000,
    async reconcile(key) {
      await synced // a cache that is not filled yet looks like a cluster without pods
      return keeper.reconcile(key)
    },
  })
  await synced
  const logOf: Parameters<typeof serveEndpoint>[0]['logOf'] = ({ namespace, name }, container) =>
    keeper.logOf(`${namespace}/${name}`, container)
  const served = endpoint && (await serveEndpoint({ ...endpoint, kube, log, logOf }))
  return {
    async stop() {
      await Promise.all([nodes.stop(), pods.stop(), queue.stop(), served?.close()])
      await keeper.endAll()
    },
  }
}

function watchAll(
  { kube, log, stateDir }: { kube: Kube; log: Log; stateDir: string },
  add: (key: string) => void,
): { nodes: Reflector<Node>; pods: Reflector<Pod> } {
  const tellTargets = keepTargets(stateDir, () => pods.items())
  const pods = reflect<Pod>({
    kube,
    resource: PODS,
    log,
    onChange(key) {
      add(key)
      tellTargets()
    },
  })
  const nodes = reflect<Node>({
    kube,
    resource: NODES,
    fieldSelector: `metadata.name=${NODE_NAME}`,
    log,
    onChange() {
      for (const { metadata } of pods.items()) add(`${metadata.namespace}/${metadata.name}`)
    },
  })
  return { nodes, pods }
}
