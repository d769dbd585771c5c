import { expect, inject, test } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { freePort } from '../../stack/node/ports.ts'
import { eventually } from '../patience.ts'
import { certificateFor } from '../stage/certificate.ts'
import { answersOf, type Door } from '../stage/connections.ts'
import { foreignText } from '../stage/routes.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, ROUTES, type VirtualService } from '../stage/shop.ts'
import { hasLeft, outcomeOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const PATIENCE_MS = 60_000
const CONNECTIONS = 400
/** Four standard deviations of a binomial share of so many: one run in eight thousand would be further off. */
const spread = (share: number): number => 4 * Math.sqrt((share * (1 - share)) / CONNECTIONS)

const GATEWAYS = { group: 'networking.istio.io', version: 'v1', plural: 'gateways', kind: 'Gateway', namespaced: true }
const WIRE = 'wire'
const PORTS = [
  { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
  { name: WIRE, port: 7000, targetPort: 'http', protocol: 'TCP', appProtocol: 'tcp' },
  { name: 'tls', port: 443, targetPort: 'tls', protocol: 'TCP', appProtocol: 'tls' },
]
const STEPS = [25, 75].flatMap((weight) => [{ setWeight: weight }, { approve: { name: `after-${weight}` } }])

test.concurrent(
  'connections by tcp and by server name go through a release by weight, each to one version',
  async () => {
    await using stage = await openStage({ access, name: 'wire-traffic', isBare: true })
    const ports = { tcp: await freePort(), tls: await freePort() }
    const host = hostOf(stage)
    const { certificate, key } = await certificateFor(host)
    await openRoutes(stage, ports)
    const before = await routeOf(stage)
    const declaration = declaring({ TLS_CERTIFICATE: certificate, TLS_KEY: key })
    const stable = await stage.install(declaration('1.4.0'))
    const doors: Door[] = [{ port: ports.tcp }, { port: ports.tls, tls: { servername: host, ca: certificate } }]
    for (const door of doors) {
      expect(await eventually(() => answersOf(door, 20), PATIENCE_MS)).toEqual({ '1.4.0': 20 })
    }
    expect(foreignText(await routeOf(stage))).toBe(foreignText(before))

    await stage.push(declaration('1.5.0'))
    for (const weight of [25, 75]) {
      const gate = `after-${weight}`
      await stage.until(`${gate} waits`, ({ rollout }) => rollout?.status?.gate === gate)
      for (const door of doors) await divides(door, weight / 100)
      await stage.say('approve', { gate })
    }
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
    for (const door of doors) expect(await answersOf(door, 100)).toEqual({ '1.5.0': 100 })
    expect(foreignText(await routeOf(stage))).toBe(foreignText(before))
  },
)

/** Proxies hear of a weight a moment after it was written. */
async function divides(door: Door, share: number): Promise<void> {
  await eventually(async () => {
    const { '1.4.0': old = 0, '1.5.0': fresh = 0, ...others } = await answersOf(door, CONNECTIONS)
    expect(others).toEqual({})
    expect(old + fresh).toBe(CONNECTIONS)
    expect(Math.abs(fresh / CONNECTIONS - share)).toBeLessThan(spread(share))
  }, PATIENCE_MS)
}

const hostOf = ({ namespace }: Stage): string => `${namespace}.shop.local`

/** A gateway of its own for what is not HTTP, and one object with all three kinds of routes. */
async function openRoutes(stage: Stage, ports: { tcp: number; tls: number }): Promise<void> {
  const { kube, namespace } = stage
  const host = hostOf(stage)
  const bind = '127.0.0.1'
  await kube.create(GATEWAYS, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: WIRE, namespace },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [
        { port: { number: ports.tcp, name: 'tcp', protocol: 'TCP' }, bind, hosts: [host] },
        {
          port: { number: ports.tls, name: 'tls', protocol: 'TLS' },
          bind,
          tls: { mode: 'PASSTHROUGH' },
          hosts: [host],
        },
      ],
    },
  } as never)
  const to = (number: number) => [{ destination: { host: ROLLOUT, port: { number } } }]
  await kube.create(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: ROUTES, namespace, labels: { team: 'shop' }, annotations: { 'example.com/owner': 'shop' } },
    spec: {
      hosts: [host],
      gateways: ['istio-system/gateway', WIRE],
      http: [{ name: PRIMARY, match: [{ uri: { prefix: MANAGED_PATH } }], route: to(80) }],
      tls: [{ match: [{ port: ports.tls, sniHosts: [host] }], route: to(443) }],
      tcp: [{ match: [{ port: ports.tcp }], route: to(7000) }],
    },
  } as never)
}

/** As the API server has it: what a watch tells may be older than what another one told. */
async function routeOf({ kube, namespace }: Stage): Promise<VirtualService> {
  const live = await kube.get<VirtualService>({ resource: VIRTUAL_SERVICES, namespace, name: ROUTES })
  if (!live) throw new Error('the VirtualService is gone')
  return live
}

const declaring = (env: Record<string, string>) => (version: string) => ({
  version,
  steps: STEPS,
  spec: {
    template: {
      metadata: { labels: { app: ROLLOUT } },
      spec: { terminationGracePeriodSeconds: 5, containers: [container(version, env)] },
    },
    service: { name: ROLLOUT, ports: PORTS },
    router: {
      istio: {
        virtualServices: [{ name: ROUTES, routes: [PRIMARY], tlsRoutes: [{}], tcpRoutes: [{}] }],
        trafficPolicy: { tls: { mode: 'DISABLE' } },
      },
    },
  },
})

const container = (version: string, env: Record<string, string>): object => ({
  name: ROLLOUT,
  image: `shop.local/checkout:${version}`,
  ports: [
    { name: 'http', containerPort: 8080 },
    { name: 'tls', containerPort: 8443 },
  ],
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
  readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
})
