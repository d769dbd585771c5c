import { expect, inject, test } from 'vitest'
import { routeAnnotation } from '../../crds/names.ts'
import { DESTINATION_RULES, ROLLOUTS, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { foreignText, TWELVE, withoutOurs } from '../stage/routes.ts'
import { ROLLOUT, ROUTES, type VirtualService } from '../stage/shop.ts'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
/** As the waits of a stage. */
const PATIENCE_MS = 120_000
/** Less than it takes the controller to say a thing at rest again: a look that got lost on the way would show. */
const SAID_ONCE_MS = 50_000
const GATED = [{ setWeight: 25 }, { approve: { name: 'go' } }]
const COHORT = { match: [{ headers: { 'x-beta': { exact: '1' } } }] }
const routeRef = ({ namespace }: Stage) => ({ resource: VIRTUAL_SERVICES, namespace, name: ROUTES })

test.concurrent('of twelve routes only our destinations change, and at rest no byte is another one', async () => {
  await using stage = await openStage({ access, name: 'twelve' })
  const before = await withTwelve(stage)
  const isAsBefore = async (): Promise<void> => expect(foreignText(await routeOf(stage))).toBe(foreignText(before))
  await stage.install({ version: '1.4.0', steps: GATED })
  await isAsBefore()
  for (const [version, word, outcome] of [
    ['1.5.0', 'approve', 'Promoted'],
    ['1.6.0', 'abort', 'Aborted'],
  ] as const) {
    await stage.push({ version })
    await waits(stage, version)
    expect(withoutOurs(await routeOf(stage))).toBe(withoutOurs(before))
    expect(foreignText(await routeOf(stage))).not.toBe(foreignText(before))
    await stage.say(word)
    await stage.until(`${version} is ${outcome}`, (sight) => outcomeOf(sight, version) === outcome)
    await isAsBefore()
  }
})

test.concurrent('of twelve routes none is changed by a release that makes way for another one', async () => {
  await using stage = await openStage({ access, name: 'twelve-again' })
  const before = await withTwelve(stage)
  await stage.install({ version: '1.4.0', steps: GATED })
  await stage.push({ version: '1.5.0' })
  await waits(stage, '1.5.0')
  await stage.push({ version: '1.6.0' })
  await stage.until('1.5.0 makes way', (sight) => outcomeOf(sight, '1.5.0') === 'Superseded')
  await waits(stage, '1.6.0')
  expect(withoutOurs(await routeOf(stage))).toBe(withoutOurs(before))
  await stage.say('approve')
  await stage.until('1.6.0 is promoted', (sight) => outcomeOf(sight, '1.6.0') === 'Promoted')
  expect(foreignText(await routeOf(stage))).toBe(foreignText(before))
})

test.concurrent('a VirtualService of the engine carries a release, and goes with its Rollout', async () => {
  await using stage = await openStage({ access, name: 'owned' })
  await stage.kube.delete(routeRef(stage))
  const host = `${stage.namespace}.shop.local`
  const istio = { host, gateways: ['istio-system/gateway'], trafficPolicy: { tls: { mode: 'DISABLE' } } }
  await stage.install({ version: '1.4.0', steps: GATED, spec: { router: { istio } } })
  const ref = { resource: VIRTUAL_SERVICES, namespace: stage.namespace, name: ROLLOUT }
  const owned = () => stage.kube.get<VirtualService>(ref)
  const atRest = (await owned())?.spec
  expect(atRest).toEqual({
    hosts: [host],
    gateways: ['istio-system/gateway'],
    http: [{ name: 'primary', route: [{ destination: { host: `checkout.${stage.namespace}.svc.cluster.local` } }] }],
  })
  const load = stage.load({ rps: 20 })
  await stage.push({ version: '1.5.0' })
  await waits(stage, '1.5.0')
  expect((await owned())?.spec.http[0]?.route?.map(({ weight }) => weight)).toEqual([75, 25])
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect((await owned())?.spec).toEqual(atRest)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })

  const gateways = ['istio-system/gateway', 'mesh']
  const isWider = async (): Promise<void> => expect((await owned())?.spec).toEqual({ ...atRest, gateways })
  await stage.push({ spec: { router: { istio: { ...istio, gateways } } } })
  await eventually(isWider, SAID_ONCE_MS)
  await stage.kube.delete(ref)
  await eventually(isWider, SAID_ONCE_MS)
  await stage.kube.delete({ resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT })
  await eventually(async () => expect(await owned()).toBeUndefined(), PATIENCE_MS)
})

test.concurrent(
  'a DestinationRule of the Service is copied, and what changes in it reaches both revisions',
  async () => {
    await using stage = await openStage({ access, name: 'in-step' })
    const apexRule = (trafficPolicy: object) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'till', namespace: stage.namespace },
      spec: { host: ROLLOUT, exportTo: ['*'], trafficPolicy, subsets: [{ name: 'gold', labels: { tier: 'gold' } }] },
    })
    const plain = { tls: { mode: 'DISABLE' } }
    await stage.kube.create(DESTINATION_RULES, apexRule(plain))
    const router = { istio: { virtualServices: [{ name: ROUTES, routes: ['primary'] }] } }
    await stage.install({ version: '1.4.0', steps: GATED, spec: { router } })
    await stage.push({ version: '1.5.0' })
    await waits(stage, '1.5.0')
    const specs = async (): Promise<unknown[]> => {
      const { items } = await stage.kube.list<KubeObject & { spec: Record<string, unknown> }>(DESTINATION_RULES, {
        namespace: stage.namespace,
        labelSelector: 'sluice.dev/revision',
      })
      return items.map(({ spec: { host: _host, ...spec } }) => spec)
    }
    const copy = { exportTo: ['*'], trafficPolicy: plain }
    expect(await specs()).toEqual([copy, copy])

    const outlierDetection = { consecutive5xxErrors: 7 }
    const portLevelSettings = [{ port: { number: 80 }, outlierDetection, ...plain }]
    const changed = { ...plain, outlierDetection, portLevelSettings }
    await stage.kube.apply(DESTINATION_RULES, apexRule(changed), { fieldManager: 'git', force: true })
    const wanted = { exportTo: ['*'], trafficPolicy: changed }
    await eventually(async () => expect(await specs()).toEqual([wanted, wanted]), PATIENCE_MS)
    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    await eventually(async () => expect(await specs()).toEqual([]), PATIENCE_MS)
  },
)

test.concurrent('an edit towards stable holds where that is declared, until a person says resume', async () => {
  await using stage = await openStage({ access, name: 'hold-edit' })
  const router = {
    istio: { virtualServices: [{ name: ROUTES, routes: ['primary'] }], trafficPolicy: { tls: { mode: 'DISABLE' } } },
    onForeignEdit: 'hold',
  }
  await stage.install({ version: '1.4.0', steps: GATED, spec: { router } })
  const { http } = (await routeOf(stage)).spec
  await stage.push({ version: '1.5.0' })
  await waits(stage, '1.5.0')
  const release = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''

  await stage.kube.mergePatch(routeRef(stage), { spec: { http } }, { fieldManager: 'flux' })
  const message = await stage.until(
    'it holds',
    ({ rollout }) => rollout?.status?.message?.startsWith('Holding: ') && rollout.status.message,
  )
  expect(message).toBe(
    'Holding: flux moved the route towards stable; resume puts it back, promote goes to 100 %, abort ends the release',
  )
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
  await stage.say('resume')
  await stage.until('the weight is back', () => stage.weights().at(-1)?.[release] === 25)
  await stage.until('the gate waits again', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect((await routeOf(stage)).spec.http).toEqual(http)
})

test.concurrent('a route that is replaced whole while only a cohort is on it ends the release', async () => {
  await using stage = await openStage({ access, name: 'replaced' })
  await stage.install({ version: '1.4.0', steps: GATED })
  const before = await routeOf(stage)
  await stage.push({ version: '1.5.0', steps: [COHORT, ...GATED.toReversed()] })
  await waits(stage, '1.5.0')
  expect((await routeOf(stage)).spec.http.length).toBe(before.spec.http.length + 1)
  const annotations = { [routeAnnotation(stage.namespace, ROLLOUT)]: null }
  const replaced = { metadata: { annotations }, spec: { http: before.spec.http } }
  await stage.kube.mergePatch(routeRef(stage), replaced, { fieldManager: 'flux' })
  await stage.until('1.5.0 is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  expect(releaseOf(stage.now(), '1.5.0')?.status?.message).toBe(
    'Aborted: flux replaced the route, and the canary is no longer on it',
  )
  expect(foreignText(await routeOf(stage))).toBe(foreignText(before))
})

test.concurrent('nothing begins while somebody else names the Service, until that is acknowledged', async () => {
  await using stage = await openStage({ access, name: 'acknowledged' })
  await stage.kube.create(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'inside', namespace: stage.namespace },
    spec: { hosts: [ROLLOUT], http: [{ route: [{ destination: { host: ROLLOUT } }] }] },
  })
  const routerWith = (acknowledge: string[]) => ({
    istio: {
      virtualServices: [{ name: ROUTES, routes: ['primary'] }],
      trafficPolicy: { tls: { mode: 'DISABLE' } },
      acknowledge,
    },
  })
  const installed = stage.install({ version: '1.4.0', steps: GATED, spec: { router: routerWith([]) } })
  const refusal = await stage.until('it is refused', ({ rollout }) =>
    rollout?.status?.conditions?.find(({ type, reason }) => type === 'Stalled' && reason === 'InvalidSpec'),
  )
  expect(refusal.message).toContain('VirtualService/inside routes to it, whose requests see only stable')
  await stage.push({ spec: { router: routerWith(['VirtualService/inside']) } })
  await installed
})

test.concurrent('tls and tcp routes are divided together, beside somebody who is acknowledged', async () => {
  await using stage = await openStage({ access, name: 'wire' })
  const { kube, namespace } = stage
  const route = [{ destination: { host: ROLLOUT, port: { number: 80 } } }]
  const spec = {
    hosts: ['wire.example'],
    tls: [{ match: [{ port: 443, sniHosts: ['wire.example'] }], route }],
    tcp: [
      { match: [{ port: 3306 }], route },
      { match: [{ port: 6379 }], route: [{ destination: { host: 'cache' } }] },
    ],
  }
  const metadata = { name: 'wire', namespace }
  await kube.create<KubeObject & { spec: object }>(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec,
  })
  const istio = {
    virtualServices: [{ name: 'wire', tlsRoutes: [{ sniHosts: ['wire.example'] }], tcpRoutes: [{ port: 3306 }] }],
    acknowledge: [`VirtualService/${ROUTES}`],
    trafficPolicy: { tls: { mode: 'DISABLE' } },
  }
  await stage.install({ version: '1.4.0', steps: GATED, spec: { router: { istio } } })
  await stage.push({ version: '1.5.0' })
  await waits(stage, '1.5.0')
  type Wire = KubeObject & { spec: Record<'tls' | 'tcp', { route: { weight?: number }[] }[]> }
  const wire = async () => (await kube.get<Wire>({ resource: VIRTUAL_SERVICES, ...metadata }))?.spec
  const during = await wire()
  const weights = [during?.tls[0], ...(during?.tcp ?? [])].map((one) => one?.route.map(({ weight }) => weight))
  expect(weights).toEqual([[75, 25], [75, 25], [undefined]])
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect(await wire()).toEqual(spec)
})

async function withTwelve(stage: Stage): Promise<VirtualService> {
  await stage.kube.mergePatch(routeRef(stage), { spec: { http: TWELVE } }, { fieldManager: 'git' })
  return stage.until('the twelve routes are there', ({ route }) => route?.spec.http.length === 12 && route)
}

/** As the API server has it: what a watch tells may be older than what another one told. */
async function routeOf(stage: Stage): Promise<VirtualService> {
  const live = await stage.kube.get<VirtualService>(routeRef(stage))
  if (!live) throw new Error('the VirtualService is gone')
  return live
}

const waits = (stage: Stage, version: string): Promise<true> =>
  stage.until(
    `the gate of ${version} waits`,
    (sight) =>
      phaseOf(sight) === 'AwaitingApproval' &&
      sight.rollout?.status?.canary === releaseOf(sight, version)?.spec.revision,
  )
