import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Kubectl } from './kubectl.ts'
import type { Service } from './layout.ts'

const DEPLOY = fileURLToPath(new URL('../deploy', import.meta.url))
const APPLY = ['apply', '--server-side', '--validate=ignore', '--force-conflicts', '--field-manager=stack']
const SERVICE_TOKEN_LIFE = '720h'
const IN_FORCE_WITHIN_MS = 30_000
/** Every look is a process. */
const LOOK_EVERY_MS = 200

/** The kinds that istiod serves, and its namespace. */
export async function installMeshKinds(kubectl: Kubectl, meshCrds: string): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } }
  await Promise.all([
    kubectl([...APPLY, '-f', '-'], { input: namespace }),
    kubectl([...APPLY, '-f', join(meshCrds, 'istio')]),
  ])
}

/** The engine's kinds, its identity and rights, and the people's roles. */
export async function installEngine(kubectl: Kubectl): Promise<void> {
  await Promise.all([
    kubectl([...APPLY, '-k', join(DEPLOY, 'base')]),
    kubectl([...APPLY, '-k', join(DEPLOY, 'crds')]),
    kubectl([...APPLY, '-f', '-'], { input: people() }),
  ])
}

/** A token of the identity that the engine, or its API, has in a cluster. */
export async function serviceToken(kubectl: Kubectl, service: Service): Promise<string> {
  const account = service === 'engine' ? 'sluice' : 'sluice-api'
  const token = ['create', 'token', account, '--namespace=sluice-system', `--duration=${SERVICE_TOKEN_LIFE}`]
  return (await kubectl(token)).trim()
}

/** Every kind that was applied is established. (`kubectl wait` trips over a CRD whose status is still empty.) */
export async function untilServed(kubectl: Kubectl): Promise<void> {
  const deadline = Date.now() + IN_FORCE_WITHIN_MS
  for (;;) {
    const { items } = JSON.parse(await kubectl(['get', 'crd', '-o', 'json'])) as { items: Kind[] }
    const waiting = items.filter((kind) => !isEstablished(kind)).map((kind) => kind.metadata.name)
    if (waiting.length === 0) return
    if (Date.now() > deadline) throw new Error(`the API server does not serve ${waiting.join(', ')}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** What differs from stack to stack: the gateway's listener, istiod's word on every mesh object, the node's metrics. */
export async function openCluster(
  kubectl: Kubectl,
  ports: { gateway: number; istiodWebhook: number; node: number },
  authority: string,
): Promise<void> {
  await kubectl([...APPLY, '-f', '-'], {
    input: list([
      meshGateway(ports.gateway),
      validation(ports.istiodWebhook, authority),
      ...metrics(ports.node, authority),
    ]),
  })
  await untilValidating(kubectl)
}

type Kind = {
  metadata: { name: string }
  status?: { conditions?: { type: string; status: string }[] | null }
}

function isEstablished({ status }: Kind): boolean {
  return status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false
}

/** A webhook is in force a moment after it was created. */
async function untilValidating(kubectl: Kubectl): Promise<void> {
  const deadline = Date.now() + IN_FORCE_WITHIN_MS
  for (;;) {
    const answer = await kubectl(['create', '--validate=ignore', '--dry-run=server', '-f', '-'], {
      input: impossibleRoute(),
    }).then(
      () => 'accepted',
      (error: Error) => error.message,
    )
    if (answer.includes('admission webhook') && answer.includes('denied')) return
    if (Date.now() > deadline) throw new Error(`istiod does not validate mesh objects: ${answer}`)
    await sleep(LOOK_EVERY_MS)
  }
}

function impossibleRoute(): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'impossible', namespace: 'istio-system' },
    spec: { hosts: ['impossible'], http: [{ route: [{ destination: { host: 'impossible' }, weight: -5 }] }] },
  }
}

function meshGateway(port: number): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gateway', namespace: 'istio-system' },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: port, name: 'http', protocol: 'HTTP' }, bind: '127.0.0.1', hosts: ['*'] }],
    },
  }
}

function validation(port: number, authority: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'istio-validator' },
    webhooks: [
      {
        name: 'validation.istio.io',
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle: authority },
        rules: [
          {
            operations: ['CREATE', 'UPDATE'],
            apiGroups: ['networking.istio.io', 'security.istio.io', 'telemetry.istio.io', 'extensions.istio.io'],
            apiVersions: ['*'],
            resources: ['*'],
          },
        ],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 5,
      },
    ],
  }
}

/** The API of external metrics, which autoscalers read. The API server reaches the node by name: pods have no network. */
function metrics(port: number, caBundle: string): object[] {
  const metadata = { name: 'external-metrics', namespace: 'kube-system' }
  const [group, version] = ['external.metrics.k8s.io', 'v1beta1']
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        service: { ...metadata, port },
        caBundle,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ]
}

/** Ada may decide everything, Alice answer gates and stop releases, Bob look; all of them see the workloads. */
function people(): object {
  return list([
    binding('ada', 'sluice-operator'),
    binding('ada', 'view'),
    binding('alice', 'sluice-approver'),
    binding('alice', 'view'),
    binding('bob', 'sluice-viewer'),
    binding('bob', 'view'),
  ])
}

function binding(user: string, role: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `${user}-${role}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  }
}

function list(items: object[]): object {
  return { apiVersion: 'v1', kind: 'List', items }
}
