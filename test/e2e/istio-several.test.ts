import { expect, inject, test } from 'vitest'
import { NAMESPACES, ROLLOUTS, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import type { Kube, KubeObject, Resource } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { foreignText } from '../stage/routes.ts'
import { PRIMARY, ROLLOUT, rolloutManifest, ROUTES, type Declaration, type VirtualService } from '../stage/shop.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 25 }, { approve: { name: 'go' } }]
const PATIENCE_MS = 120_000
const trafficPolicy = { tls: { mode: 'DISABLE' } }

const admission = (plural: string, kind: string): Resource => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: false,
})
const POLICIES = admission('validatingadmissionpolicies', 'ValidatingAdmissionPolicy')
const BINDINGS = admission('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')

test.concurrent('VirtualServices of two namespaces move together or not at all, and rest as they were', async () => {
  await using stage = await openStage({ access, name: 'several' })
  await using edge = await openEdge(stage)
  const virtualServices = [
    { name: ROUTES, routes: [PRIMARY] },
    { name: 'edge', namespace: edge.namespace },
  ]
  await stage.install({
    version: '1.4.0',
    steps: STEPS,
    spec: { router: { istio: { virtualServices, trafficPolicy } } },
  })
  const before = [await routeOf(stage), await edge.route()].map((route) => restText(stage, route))
  await edge.freeze()
  await stage.push({ version: '1.5.0' })
  // The first of the two is written and put back, because the second one is refused.
  await stage.until('the first one is put back', () => {
    const seen = stage.weights().map((weights) => 'apex' in weights)
    return seen.lastIndexOf(true) > seen.indexOf(false) && seen.includes(false)
  })
  expect(restText(stage, await edge.route())).toBe(before[1])

  await edge.thaw()
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect((await edge.route()).spec.http[0]?.route?.map(({ weight }) => weight)).toEqual([75, 25])
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect([await routeOf(stage), await edge.route()].map((route) => restText(stage, route))).toEqual(before)
})

test.concurrent('two Rollouts release on one VirtualService at the same time; one route has one of them', async () => {
  await using stage = await openStage({ access, name: 'two-on-one' })
  const { kube, namespace } = stage
  const http = (await routeOf(stage)).spec.http.map((route) =>
    route.name === 'catalog' ? { ...route, route: [{ destination: { host: 'cart' } }] } : route,
  )
  const ref = { resource: VIRTUAL_SERVICES, namespace, name: ROUTES }
  await kube.mergePatch(ref, { spec: { http } }, { fieldManager: 'git' })
  const cart = openOther(stage, 'cart', 'catalog')
  await Promise.all([stage.install({ version: '1.4.0', steps: STEPS }), cart.declare('1.4.0', 'Promoted')])
  const before = restText(stage, await routeOf(stage), 'cart')

  await Promise.all([stage.push({ version: '1.5.0' }), cart.declare('1.5.0', 'AwaitingApproval')])
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const weights = (await routeOf(stage)).spec.http.map(({ name, route }) => [name, route?.map(({ weight }) => weight)])
  expect(Object.fromEntries(weights)).toMatchObject({ catalog: [75, 25], [PRIMARY]: [75, 25] })
  const { status } = await cart.live()
  await Promise.all([
    stage.say('approve'),
    stage.say('approve', {
      rollout: 'cart',
      release: status?.release ?? 0,
      revision: status?.canary ?? '',
      gate: 'go',
    }),
  ])
  await stage.until('checkout is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await cart.is('Promoted')
  expect(restText(stage, await routeOf(stage), 'cart')).toBe(before)

  const late = openOther(stage, 'late', PRIMARY)
  await late.apply('1.4.0')
  await eventually(async () => {
    const stalled = (await late.live()).status?.conditions?.find(({ type }) => type === 'Stalled')
    expect(stalled?.message).toContain(`route ${ROUTES}/${PRIMARY} belongs to Rollout ${ROLLOUT}`)
  }, PATIENCE_MS)
})

/** A namespace with a VirtualService that names the stage's Service, and a policy that refuses every change of it. */
async function openEdge({ kube, namespace: shop }: Stage) {
  const namespace = `${shop}-edge`
  const ref = { resource: VIRTUAL_SERVICES, namespace, name: 'edge' }
  const host = `${ROLLOUT}.${shop}.svc.cluster.local`
  await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await kube.create<KubeObject & { spec: object }>(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'edge', namespace },
    spec: {
      hosts: [`${namespace}.shop.local`],
      gateways: ['istio-system/gateway'],
      http: [{ timeout: '3s', route: [{ destination: { host } }] }],
    },
  })
  const touch = (): Promise<unknown> =>
    kube.mergePatch(ref, { metadata: { labels: { touched: 'yes', at: `${Date.now()}` } } })
  return {
    namespace,
    async route(): Promise<VirtualService> {
      const live = await kube.get<VirtualService>(ref)
      if (!live) throw new Error('the VirtualService is gone')
      return { ...live, metadata: { ...live.metadata, labels: {} } }
    },
    async freeze() {
      await createFreezer(kube, namespace)
      await eventually(() => expect(touch()).rejects.toThrow(/frozen/), PATIENCE_MS)
    },
    async thaw() {
      await kube.delete({ resource: BINDINGS, name: namespace })
    },
    async [Symbol.asyncDispose]() {
      await kube.delete({ resource: BINDINGS, name: namespace })
      await kube.delete({ resource: POLICIES, name: namespace })
      await kube.delete({ resource: NAMESPACES, name: namespace })
    },
  }
}

async function createFreezer(kube: Kube, namespace: string): Promise<void> {
  const shell = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: namespace } }
  const resourceRules = [
    { apiGroups: ['networking.istio.io'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['virtualservices'] },
  ]
  await kube.create<KubeObject & { spec: object }>(POLICIES, {
    ...shell,
    kind: POLICIES.kind,
    spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'false', message: 'frozen' }] },
  })
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } }
  await kube.create<KubeObject & { spec: object }>(BINDINGS, {
    ...shell,
    kind: BINDINGS.kind,
    spec: { policyName: namespace, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  })
}

/** Another Rollout on a route of the stage's VirtualService. */
function openOther({ kube, namespace }: Stage, name: string, route: string) {
  const ref = { resource: ROLLOUTS, namespace, name }
  async function live(): Promise<Rollout> {
    const found = await kube.get<Rollout>(ref)
    if (!found) throw new Error(`Rollout ${name} is gone`)
    return found
  }
  const is = (phase: string): Promise<void> =>
    eventually(async () => {
      const { metadata, status } = await live()
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')
      expect(ready).toMatchObject({ reason: phase })
      expect(status?.observedGeneration).toBe(metadata.generation)
    }, PATIENCE_MS)
  async function apply(version: string): Promise<void> {
    const istio = { virtualServices: [{ name: ROUTES, routes: [route] }], trafficPolicy }
    const service = { name, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
    const declaration: Declaration = { version, steps: STEPS, spec: { service, router: { istio } } }
    const manifest = rolloutManifest(namespace, declaration)
    const metadata = { ...manifest.metadata, name }
    await kube.apply(ROLLOUTS, { ...manifest, metadata }, { fieldManager: 'git', force: true })
  }
  return {
    live,
    is,
    apply,
    async declare(version: string, phase: string) {
      await apply(version)
      await is(phase)
    },
  }
}

/** Without our annotations, in whatever namespace the object is. */
function restText({ namespace }: Stage, route: VirtualService, ...rollouts: string[]): string {
  const ours = [ROLLOUT, ...rollouts].map((rollout) => `${rollout}.${namespace}.sluice.dev/route`)
  const annotations = Object.entries(route.metadata.annotations ?? {}).filter(([name]) => !ours.includes(name))
  return foreignText({ ...route, metadata: { ...route.metadata, annotations: Object.fromEntries(annotations) } })
}

/** As the API server has it: what a watch tells may be older than what another one told. */
async function routeOf({ kube, namespace }: Stage): Promise<VirtualService> {
  const live = await kube.get<VirtualService>({ resource: VIRTUAL_SERVICES, namespace, name: ROUTES })
  if (!live) throw new Error('the VirtualService is gone')
  return live
}
