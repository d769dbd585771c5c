import { request } from 'node:http'
import { LABEL } from '../../crds/names.ts'
import { CONFIG_MAPS } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { MANAGED_PATH, ROLLOUT } from './shop.ts'
import { phaseOf, type Sight } from './sight.ts'
import type { Stage } from './stage.ts'

export type Config = KubeObject & {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  stringData?: Record<string, string>
  immutable?: boolean
}
export type Loose = Record<string, unknown>

/** As `kubectl apply` of a repository would. */
export async function configMap({ kube, namespace }: Stage, name: string, content: Partial<Config>): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...content }
  await kube.apply(CONFIG_MAPS, object, { fieldManager: 'git', force: true })
}

/** A shop whose container has these variables and reads these configs; what it calls its version is up to them. */
export const reading = (container: Loose, pod: Loose = {}): Loose => ({
  metadata: { labels: { app: ROLLOUT } },
  spec: {
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: ROLLOUT,
        image: 'shop.local/checkout:1.4.0',
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
        ...container,
      },
    ],
    ...pod,
  },
})
export const fromSettings = reading({ envFrom: [{ configMapRef: { name: 'settings' } }] })

/** What the pods that get requests call their version, by the revision that they belong to. */
export async function versionsSeen(stage: Stage, gateway: string): Promise<Record<string, string[]>> {
  const seen = new Map<string, Set<string>>()
  for (let left = 40; left > 0; left--) {
    const { version, pod } = await answerOf(stage, gateway)
    const revision = stage.now().pods.find(({ metadata }) => metadata.name === pod)?.metadata.labels?.[LABEL.revision]
    seen.set(revision ?? pod, (seen.get(revision ?? pod) ?? new Set()).add(version))
  }
  return Object.fromEntries([...seen].map(([revision, versions]) => [revision, [...versions]]))
}

export const releaseEnded = (number: number, outcome: string) => (sight: Sight) =>
  sight.releases[number - 1]?.status?.outcome === outcome && sight.releases[number - 1]

export const atGate = (number: number) => (sight: Sight) =>
  phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.release === number

export const stalled = ({ rollout }: Sight) => rollout?.status?.conditions?.find(({ type }) => type === 'Stalled')

/** Names of the copies of ConfigMaps. */
export async function copies({ kube, namespace }: Stage): Promise<string[]> {
  const { items } = await kube.list<Config>(CONFIG_MAPS, { namespace, labelSelector: `sluice.dev/rollout=${ROLLOUT}` })
  return items.map(({ metadata }) => metadata.name).sort()
}

/** Of one request on a connection of its own. */
function answerOf({ namespace }: Stage, gateway: string): Promise<{ version: string; pod: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ version: string; pod: string }>()
  const options = { headers: { host: `${namespace}.shop.local` }, agent: false } as const
  const asked = request(`${gateway}${MANAGED_PATH}`, options, (response) => {
    const { 'x-version': version, 'x-pod': pod } = response.headers
    response.resume()
    resolve({ version: String(version), pod: String(pod) })
  })
  asked.once('error', reject)
  asked.end()
  return promise
}
