import { afterAll, beforeAll, expect, test } from 'vitest'
import { revisionObject } from '../../crds/names.ts'
import { DESTINATION_RULES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { startLoad } from '../../demo/load.ts'
import type { KubeObject, Resource } from '../../kube/index.ts'
import { withProxy } from '../../stack/images/injection.ts'
import { PORTS_ANNOTATION } from '../../stack/node/keeper.ts'
import { PODS, type Pod } from '../../stack/node/pod.ts'
import { statusOf, untilAnswered } from '../stage/answer.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, rolloutManifest, ROUTES, type Declaration } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround({ sidecars: true, endpointDelayMs: 1_000 })
})
afterAll(() => ground[Symbol.asyncDispose]())

const NAMESPACE = 'strict'
const HOST = `${NAMESPACE}.shop.local`
const STEPS = [{ setWeight: 25 }, { approve: { name: 'go-wide' } }, { setWeight: 75 }, { pause: { for: '1s' } }]

test('between sidecars, with mutual TLS required and one client allowed, a release loses nothing and opens no door', async () => {
  await using stage = await openStage({ access: ground.access, name: NAMESPACE, retries: 0 })
  // Proxies of pods route by Service: the way into the mesh needs no name.
  const route = { resource: VIRTUAL_SERVICES, namespace: NAMESPACE, name: ROUTES }
  await stage.kube.mergePatch(route, { spec: { hosts: [HOST, ROLLOUT] } })
  const { client, stranger } = await openClients(stage)
  const stable = await stage.install(declaration('1.4.0'))
  await untilAnswered(`${client}${MANAGED_PATH}`, ROLLOUT)
  expect(await statusOf(`${stranger}${MANAGED_PATH}`, ROLLOUT)).toBe(200)

  await close(stage)
  await expect.poll(() => statusOf(`${stranger}${MANAGED_PATH}`, ROLLOUT)).toBe(403)
  await untilAnswered(`${client}${MANAGED_PATH}`, ROLLOUT)
  await expect.poll(() => statusOf(`${ground.access.gateway}${MANAGED_PATH}`, HOST)).toBe(503)

  const load = startLoad({ url: `${client}${MANAGED_PATH}`, host: ROLLOUT, rps: 200 })
  await stage.push(declaration('1.5.0'))
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await expectClosed(stage, { client, stranger }, stable)
  await expectClosed(stage, { client, stranger }, stage.now().rollout?.status?.canary ?? '')
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  expect(await statusOf(`${stranger}${MANAGED_PATH}`, ROLLOUT)).toBe(403)

  await stage.push(declaration('1.7.0'))
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const aborted = stage.now().rollout?.status?.canary ?? ''
  await stage.say('abort')
  await stage.until('1.7.0 has left', (sight) => outcomeOf(sight, '1.7.0') === 'Aborted' && hasLeft(sight, aborted))
  const { lost, mesh, trouble, statuses, answered, versions } = await load.stop()
  expect({ lost, mesh, trouble, statuses }).toEqual({ lost: 0, mesh: 0, trouble: [], statuses: { 200: answered } })
  expect(Object.keys(versions).toSorted()).toEqual(['1.4.0', '1.5.0', '1.7.0'])
})

/** A revision's own host answers the one client, refuses the other, and its pods take nothing in plain text. */
async function expectClosed(stage: Stage, { client, stranger }: Clients, revision: string): Promise<void> {
  const name = revisionObject(ROLLOUT, revision)
  const host = `${name}.${NAMESPACE}.svc.cluster.local`
  expect(await statusOf(`${client}/`, host)).toBe(200)
  expect(await statusOf(`${stranger}/`, host)).toBe(403)
  const pods = podsOf(stage.now(), revision)
  expect(pods.length).toBeGreaterThan(0)
  for (const pod of pods) expect(await statusOf(`${urlOf(pod, 'inbound')}/`, host)).toMatch(/ECONNRESET|hang up/)
  const rule = await stage.kube.get<Rule>({ resource: DESTINATION_RULES, namespace: NAMESPACE, name })
  expect(rule?.spec.trafficPolicy).toEqual(MUTUAL)
}

type Clients = { client: string; stranger: string }

type Rule = KubeObject & { spec: { trafficPolicy: object } }

const MUTUAL = { tls: { mode: 'ISTIO_MUTUAL' } }

const account = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: NAMESPACE },
})

/** Two pods with proxies of their own and different identities; gives the addresses at which they take requests. */
async function openClients(stage: Stage): Promise<Clients> {
  await stage.kube.create(ACCOUNTS, account(ROLLOUT))
  const [client, stranger] = await Promise.all(['client', 'stranger'].map((name) => openClient(stage, name)))
  return { client: client ?? '', stranger: stranger ?? '' }
}

async function openClient(stage: Stage, name: string): Promise<string> {
  await stage.kube.create(ACCOUNTS, account(name))
  const containers = [
    { name: 'main', image: 'shop.local/catalog:2.1.0', ports: [{ name: 'http', containerPort: 8080 }] },
  ]
  const template = withProxy({
    metadata: { name, namespace: NAMESPACE, labels: { app: name } },
    spec: { serviceAccountName: name, terminationGracePeriodSeconds: 2, containers },
  })
  await stage.kube.create(PODS, { apiVersion: 'v1', kind: 'Pod', ...template } as unknown as KubeObject)
  return stage.until(`the proxy of ${name} is ready`, ({ pods }) => {
    const pod = pods.find(({ metadata }) => metadata.name === name)
    const isReady = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return pod && isReady && urlOf(pod, 'outbound')
  })
}

function urlOf({ metadata }: Pod, port: 'inbound' | 'outbound'): string {
  const ports = JSON.parse(metadata.annotations?.[PORTS_ANNOTATION] ?? '{}') as Record<string, number>
  return `http://127.0.0.1:${ports[port]}`
}

/** From now on only mutual TLS, and only the client. */
async function close({ kube }: Stage): Promise<void> {
  const metadata = { name: ROLLOUT, namespace: NAMESPACE }
  const selector = { matchLabels: { app: ROLLOUT } }
  const principals = [`cluster.local/ns/${NAMESPACE}/sa/client`]
  await kube.create(DESTINATION_RULES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata,
    // Not for the gateway, which has no certificate.
    spec: { host: ROLLOUT, exportTo: ['.'], trafficPolicy: MUTUAL },
  } as KubeObject)
  await kube.create(security('peerauthentications', 'PeerAuthentication'), {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata,
    spec: { mtls: { mode: 'STRICT' } },
  } as KubeObject)
  await kube.create(security('authorizationpolicies', 'AuthorizationPolicy'), {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata,
    spec: { selector, action: 'ALLOW', rules: [{ from: [{ source: { principals } }] }] },
  } as KubeObject)
}

const ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
}

const security = (plural: string, kind: string): Resource => ({
  group: 'security.istio.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
})

/** Without a policy of its own in `router`: the apex host's goes over to both revisions. */
function declaration(version: string): Declaration {
  const { spec } = rolloutManifest(NAMESPACE, { version, steps: STEPS }) as unknown as Manifest
  const template = withProxy({
    ...spec.template,
    spec: { ...spec.template.spec, serviceAccountName: ROLLOUT },
  })
  const router = { istio: { virtualServices: [{ name: ROUTES, routes: [PRIMARY] }] }, settle: '1500ms' }
  return { version, steps: STEPS, spec: { template, router } }
}

type Manifest = { spec: { template: Parameters<typeof withProxy>[0] } }
