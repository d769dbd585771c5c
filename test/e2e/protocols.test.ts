import { expect, inject, test } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { startCalls } from '../stage/calls.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, ROUTES } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const GRPC = 'grpc'
const PATIENCE_MS = 60_000
const PORTS = [
  { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
  { name: 'calls', port: 9000, targetPort: GRPC, protocol: 'TCP', appProtocol: 'grpc' },
]

test.concurrent(
  'several ports, one of them gRPC, go through a release together; nothing is lost on either',
  async () => {
    await using stage = await openStage({ access, name: 'protocols', isBare: true })
    await openRoutes(stage)
    const stable = await stage.install(declaring('1.4.0'))
    const load = stage.load({ rps: 30 })
    const authority = hostOf(stage)
    await using calls = startCalls({ gateway: access.gateway, authority, path: '/shop.Checkout/Pay', rps: 30 })
    await eventually(() => expect(calls.stats().ok).toBeGreaterThan(10), PATIENCE_MS)

    await stage.push(declaring('1.5.0'))
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const { services, route } = stage.now()
    for (const { spec } of services) expect(spec).toMatchObject({ ports: PORTS })
    const canary = stage.now().rollout?.status?.canary ?? ''
    const shares = route?.spec.http.map((each) => each.route?.map(({ destination, weight }) => [destination, weight]))
    const split = (number: number) =>
      [stable, canary].map((revision) => [
        { host: `${ROLLOUT}-${revision}.${stage.namespace}.svc.cluster.local`, port: { number } },
        50,
      ])
    expect(shares).toEqual([split(9000), split(80)])
    await eventually(() => expect(Object.keys(calls.stats().versions)).toHaveLength(2), PATIENCE_MS)

    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
    const { sent, ok, trouble } = await calls.stop()
    expect(trouble).toEqual([])
    expect(ok).toBe(sent)
    expect(await load.stop()).toMatchObject({ trouble: [], lost: 0, mesh: 0 })
  },
)

const hostOf = ({ namespace }: Stage): string => `${namespace}.shop.local`

/** One route for each port; no retries. */
async function openRoutes(stage: Stage): Promise<void> {
  const { kube, namespace } = stage
  const to = (number: number) => [{ destination: { host: ROLLOUT, port: { number } } }]
  const http = [
    { name: GRPC, match: [{ uri: { prefix: '/shop.Checkout/' } }], retries: { attempts: 0 }, route: to(9000) },
    { name: PRIMARY, match: [{ uri: { prefix: MANAGED_PATH } }], retries: { attempts: 0 }, route: to(80) },
  ]
  await kube.create(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: ROUTES, namespace },
    spec: { hosts: [hostOf(stage)], gateways: ['istio-system/gateway'], http },
  } as never)
}

const declaring = (version: string) => ({
  version,
  steps: [{ setWeight: 50 }, { approve: { name: 'go' } }],
  spec: {
    template: {
      metadata: { labels: { app: ROLLOUT } },
      spec: { terminationGracePeriodSeconds: 5, containers: [container(version)] },
    },
    service: { name: ROLLOUT, ports: PORTS },
    router: {
      istio: {
        virtualServices: [{ name: ROUTES, routes: [PRIMARY, GRPC] }],
        trafficPolicy: { tls: { mode: 'DISABLE' } },
      },
    },
  },
})

const container = (version: string): object => ({
  name: ROLLOUT,
  image: `shop.local/checkout:${version}`,
  ports: [
    { name: 'http', containerPort: 8080 },
    { name: GRPC, containerPort: 9000 },
  ],
  readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
})
