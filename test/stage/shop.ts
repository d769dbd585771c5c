import type { KubeObject } from '../../kube/index.ts'

/** What the tests read of a VirtualService; the rest is kept as it is. */
export type VirtualService = KubeObject & { spec: { http: HttpRoute[] } & Record<string, unknown> }
export type HttpRoute = { name?: string; route?: Destination[] } & Record<string, unknown>
export type Destination = { destination: { host: string }; weight?: number }

export const ROLLOUT = 'checkout'
export const ROUTES = 'shop'
/** Of the routes in `ROUTES`, the one that the Rollout manages. */
export const PRIMARY = 'primary'
/** What `PRIMARY` serves. */
export const MANAGED_PATH = '/checkout'

export type ShopOptions = {
  namespace: string
  host: string
  /** Percent of the managed route that goes to a destination of somebody else. */
  foreignShare?: number
  /** Retries of the managed route; none shows every loss, on the one that names the apex as well. */
  retries?: number
}

/** Somebody's routes, with much that is none of ours. */
export function virtualService({ namespace, host, foreignShare = 0, retries = 2 }: ShopOptions): VirtualService {
  const own = { destination: { host: ROLLOUT, port: { number: 80 } } }
  const foreign = { destination: { host: 'legacy.elsewhere.svc.cluster.local' }, weight: foreignShare }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {
      name: ROUTES,
      namespace,
      labels: { team: 'shop', 'example.com/tier': 'front' },
      annotations: { 'example.com/owner': 'shop@example.com' },
    },
    spec: {
      hosts: [host],
      gateways: ['istio-system/gateway', 'mesh'],
      http: [
        {
          name: 'beta',
          match: [{ headers: { 'x-beta': { exact: '1' } }, uri: { prefix: MANAGED_PATH } }],
          headers: { request: { set: { 'x-from': 'beta' } } },
          ...(retries === 0 ? { retries: { attempts: 0 } } : {}),
          route: [{ destination: { host: ROLLOUT } }],
        },
        {
          name: 'catalog',
          match: [{ uri: { prefix: '/catalog' } }],
          retries: { attempts: 3, perTryTimeout: '500ms', retryOn: '5xx,connect-failure' },
          timeout: '3s',
          route: [
            { destination: { host: 'catalog' }, weight: 80 },
            { destination: { host: 'catalog.elsewhere.svc.cluster.local' }, weight: 20 },
          ],
        },
        {
          name: PRIMARY,
          match: [{ uri: { prefix: MANAGED_PATH } }],
          retries: {
            attempts: retries,
            ...(retries > 0 ? { retryOn: 'connect-failure,refused-stream,unavailable' } : {}),
          },
          route: foreignShare > 0 ? [{ ...own, weight: 100 - foreignShare }, foreign] : [own],
        },
        { name: 'nothing', directResponse: { status: 404, body: { string: 'no such page' } } },
      ],
    },
  }
}

/** The release settings of a test: anything of a Rollout's spec, and the two that nearly all tests set. */
export type Declaration = {
  version: string
  env?: Record<string, string>
  steps: object[]
  /** Without it the release goes by the clock. */
  analysis?: object | undefined
  replicas?: number
  spec?: Record<string, unknown>
}

/** A Rollout that does not keep a test waiting. */
export function rolloutManifest(namespace: string, declaration: Declaration): KubeObject & Record<string, unknown> {
  const { version, env = {}, steps, analysis, replicas = 2, spec } = declaration
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Rollout',
    metadata: { name: ROLLOUT, namespace },
    spec: {
      replicas,
      template: {
        metadata: { labels: { app: ROLLOUT } },
        spec: { terminationGracePeriodSeconds: 5, containers: [container(version, env)] },
      },
      service: { name: ROLLOUT, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      router: {
        istio: {
          virtualServices: [{ name: ROUTES, routes: [PRIMARY] }],
          trafficPolicy: { tls: { mode: 'DISABLE' } },
        },
        settle: '500ms',
      },
      strategy: { canary: { steps } },
      ...(analysis ? { analysis } : {}),
      scaleDownDelay: '2s',
      abortScaleDownDelay: '1s',
      drain: '5s',
      progressDeadline: '30s',
      ...spec,
    },
  }
}

const container = (version: string, env: Record<string, string>): object => ({
  name: ROLLOUT,
  image: `shop.local/checkout:${version}`,
  ports: [{ name: 'http', containerPort: 8080 }],
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
  readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
})

/** Evidence every two seconds. `slowerThan` adds a latency metric. */
export const analysisOf = (prometheus: string, { slowerThan }: { slowerThan?: string } = {}): object => ({
  interval: '2s',
  prometheus: { address: prometheus },
  metrics: [
    { name: 'errors', requests: {} },
    ...(slowerThan === undefined ? [] : [{ name: 'latency', latency: { slowerThan } }]),
  ],
})
