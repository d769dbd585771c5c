import { managedRoutePrefix, routeAnnotation } from '../../crds/names.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, type Destination, type HttpRoute, type VirtualService } from './shop.ts'

const to = (host: string, more: object = {}): Destination => ({ destination: { host, ...more } })
const part = (weight: number, host: string, more: object = {}): Destination => ({ ...to(host), weight, ...more })

/** Twelve routes with nearly all that Istio has; the managed one stands in their midst. */
export const TWELVE: HttpRoute[] = [
  {
    name: 'beta',
    match: [{ headers: { 'x-beta': { exact: '1' } }, uri: { prefix: MANAGED_PATH } }],
    headers: { request: { set: { 'x-from': 'beta' }, remove: ['x-beta'] } },
    route: [to(ROLLOUT)],
  },
  {
    name: 'catalog',
    match: [{ uri: { prefix: '/catalog' }, method: { exact: 'GET' } }, { uri: { regex: '/c/[0-9]+' } }],
    retries: { attempts: 3, perTryTimeout: '500ms', retryOn: '5xx,connect-failure' },
    timeout: '3s',
    route: [
      part(80, 'catalog'),
      part(20, 'catalog.elsewhere.svc.cluster.local', { headers: { response: { add: { via: 'elsewhere' } } } }),
    ],
  },
  {
    name: 'images',
    match: [{ uri: { prefix: '/images/' } }],
    rewrite: { uri: '/static/' },
    corsPolicy: { allowOrigins: [{ exact: 'https://shop.example' }], allowMethods: ['GET'], maxAge: '24h' },
    route: [to('images', { subset: 'v2', port: { number: 8080 } })],
  },
  {
    name: 'slow',
    match: [{ headers: { 'x-slow': { regex: '.+' } } }],
    fault: {
      delay: { fixedDelay: '0.2s', percentage: { value: 12.5 } },
      abort: { httpStatus: 503, percentage: { value: 1 } },
    },
    route: [to('catalog')],
  },
  {
    name: 'copied',
    match: [{ uri: { prefix: '/orders' }, queryParams: { copy: { exact: 'yes' } } }],
    mirror: { host: 'orders-next' },
    mirrorPercentage: { value: 10 },
    route: [to('orders')],
  },
  { name: 'moved', match: [{ uri: { exact: '/old' } }], redirect: { uri: '/new', redirectCode: 308 } },
  {
    name: PRIMARY,
    match: [{ uri: { prefix: MANAGED_PATH } }, { uri: { exact: '/pay' }, ignoreUriCase: true }],
    retries: { attempts: 2, retryOn: 'connect-failure,refused-stream,unavailable' },
    timeout: '8s',
    headers: { request: { add: { 'x-route': PRIMARY } } },
    route: [
      part(90, ROLLOUT, {
        destination: { host: ROLLOUT, port: { number: 80 } },
        headers: { response: { set: { 'x-part': 'own' } } },
      }),
      part(10, 'legacy.elsewhere.svc.cluster.local'),
    ],
  },
  { name: 'split', match: [{ uri: { prefix: '/split' } }], route: [part(1, 'a'), part(2, 'b')] },
  { match: [{ uri: { prefix: '/unnamed' } }], route: [to('catalog')] },
  {
    name: 'ports',
    match: [{ port: 8443, uri: { prefix: '/ports' }, withoutHeaders: { 'x-none': {} }, sourceLabels: { app: 'till' } }],
    route: [to('catalog', { port: { number: 9080 } })],
  },
  { name: 'here', match: [{ uri: { exact: '/here' } }], rewrite: { authority: 'here.example' }, route: [to('here')] },
  { name: 'nothing', directResponse: { status: 404, body: { string: 'no such page' } } },
]

/** All of an object that is somebody else's, as one text. */
export function foreignText({ metadata, spec }: VirtualService): string {
  const { namespace = '' } = metadata
  const { [routeAnnotation(namespace, ROLLOUT)]: _ours, ...annotations } = metadata.annotations ?? {}
  return JSON.stringify({ spec, labels: metadata.labels, annotations })
}

/** As `foreignText`, but for the destinations of this route, and for routes that a release may add. */
export function withoutOurs(route: VirtualService, managed: string = PRIMARY): string {
  const prefix = managedRoutePrefix(route.metadata.namespace ?? '', ROLLOUT)
  const http = route.spec.http
    .filter(({ name }) => !name?.startsWith(prefix))
    .map((each) => (each.name === managed ? { ...each, route: [] } : each))
  return foreignText({ ...route, spec: { ...route.spec, http } })
}
