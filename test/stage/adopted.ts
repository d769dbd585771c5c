import { DEPLOYMENTS, SERVICES } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { untilAnswered } from './answer.ts'
import type { Access } from './ground.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, ROUTES, type Declaration } from './shop.ts'
import type { Sight } from './sight.ts'
import type { Stage } from './stage.ts'

const ROUTER = {
  istio: {
    virtualServices: [{ name: ROUTES, routes: [PRIMARY] }],
    trafficPolicy: { tls: { mode: 'DISABLE' } },
  },
}

export type Running = { version: string; replicas: number | undefined }

/** Steps and times of the Rollout that takes it over. */
export const adopting = (declaration: Omit<Declaration, 'version'>): Declaration => ({
  version: '1.4.0',
  ...declaration,
  spec: {
    template: undefined,
    workloadRef: { name: ROLLOUT },
    service: { name: ROLLOUT },
    // Longer than a pod's address takes on a busy machine, from its readiness to every proxy.
    router: { ...ROUTER, settle: '2s' },
    ...declaration.spec,
  },
})

/** A Deployment as people have them; its labels are those that its Service selects. */
export function deployment(namespace: string, { version, replicas }: Running): KubeObject & { spec: object } {
  const labels = { app: ROLLOUT }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: ROLLOUT, namespace, labels },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: ROLLOUT,
              image: `shop.local/checkout:${version}`,
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  }
}

export const service = (namespace: string): KubeObject & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: ROLLOUT, namespace },
  spec: {
    selector: { app: ROLLOUT },
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
  },
})

/** Runs before anybody has heard of a Rollout; resolves when it answers. */
export async function run({ kube, namespace, until }: Stage, access: Access, running: Running): Promise<void> {
  const fieldManager = 'ada'
  await kube.create(DEPLOYMENTS, deployment(namespace, running), { fieldManager })
  await kube.create(SERVICES, service(namespace), { fieldManager })
  await until('the Deployment is ready', (sight) => declaredOf(sight)?.status?.readyReplicas === running.replicas)
  await untilAnswered(`${access.gateway}${MANAGED_PATH}`, `${namespace}.shop.local`)
}

/** Another version is declared where it was before: in the Deployment. */
export async function declare({ kube, namespace }: Stage, version: string): Promise<void> {
  const { spec } = deployment(namespace, { version, replicas: undefined })
  const { template } = spec as { template: object }
  const ref = { resource: DEPLOYMENTS, namespace, name: ROLLOUT }
  await kube.mergePatch(ref, { spec: { template } }, { fieldManager: 'ada' })
}

export const declaredOf = ({ deployments }: Sight): Sight['deployments'][number] | undefined =>
  deployments.find(({ metadata }) => metadata.name === ROLLOUT)

export const apexOf = ({ services }: Sight): Record<string, string> | undefined =>
  services.find(({ metadata }) => metadata.name === ROLLOUT)?.spec.selector

/** Pods of no revision: those of the declared Deployment itself. */
export const ownPods = ({ pods }: Sight): Sight['pods'] =>
  pods.filter(({ metadata }) => metadata.labels?.['sluice.dev/revision'] === undefined)
