import { onTestFinished } from 'vitest'
import { DEPLOYMENTS, DESTINATION_RULES, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Fence } from '../../crds/traffic.ts'
import { createKube, type KubeObject, type Resource } from '../../kube/index.ts'
import { createIstioRouter, rollbackDirect, type RouteRecord, type RouteTarget } from '../../router/index.ts'
import type { Json } from '../fakes/api-merge.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'

export const STABLE = '1111111111'
export const CANARY = '2222222222'
export const OTHER = '3333333333'
export const KEY = 'checkout.shop.sluice.dev/route'

export const hostOf = (revision: string): string => `checkout-${revision}.shop.svc.cluster.local`
export const APEX = 'checkout.shop.svc.cluster.local'

export type Destination = { destination: { host: string } & Record<string, unknown>; weight?: number } & Record<
  string,
  unknown
>
export type Route = { name?: string; route?: Destination[] } & Record<string, unknown>
export type VirtualService = KubeObject & { spec: { hosts?: string[]; http: Route[] } & Record<string, unknown> }

/** The shop's VirtualService: a header route, the named route with a retry policy, and a redirect. */
export const inGit = (name = 'checkout'): VirtualService => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop', labels: { team: 'till' }, annotations: { owner: 'till@shop' } },
  spec: {
    hosts: ['shop.example'],
    gateways: ['gw', 'mesh'],
    http: [
      {
        name: 'beta',
        match: [{ headers: { 'x-beta': { exact: 'yes' } } }],
        route: [{ destination: { host: 'beta' } }],
      },
      {
        name: 'primary',
        match: [{ uri: { prefix: '/checkout' } }],
        retries: { attempts: 2, perTryTimeout: '0.5s' },
        route: [{ destination: { host: 'checkout', port: { number: 80 } } }],
      },
      { name: 'old', match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/' } },
    ],
  },
})

export const withList = (list: Destination[], name = 'checkout'): VirtualService => {
  const virtualService = inGit(name)
  virtualService.spec.http[1]!.route = list
  return virtualService
}

type Options = {
  virtualServices?: VirtualService[]
  istio?: Partial<RouteTarget['router']['istio']>
  apex?: string | null
}

/** A fake API server with the apex at STABLE, the room under test, and short ways to look and to tamper. */
export async function stage({ virtualServices = [inGit()], istio = {}, apex = STABLE }: Options = {}) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  for (const virtualService of virtualServices) server.put(VIRTUAL_SERVICES, virtualService)
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const adopted = virtualServices.map(({ metadata: { name } }) => ({ name, routes: ['primary'] }))
  const target: RouteTarget = {
    namespace: 'shop',
    name: 'checkout',
    uid: 'uid-1',
    router: { istio: { virtualServices: adopted, ...istio } },
    service: { name: 'checkout', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  }
  const get = (resource: Resource, name: string) =>
    server.store.list(placeOf(resource, 'shop')).find((object) => object.metadata.name === name)
  const live = (name = 'checkout') => get(VIRTUAL_SERVICES, name) as VirtualService | undefined
  const service = (name: string, revision: string) =>
    server.put(SERVICES, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop' },
      spec: { selector: { 'sluice.dev/rollout': 'checkout', 'sluice.dev/revision': revision } },
    })
  if (apex) service('checkout', apex)
  const router = createIstioRouter({ kube })
  return {
    server,
    router,
    target,
    live,
    service,
    rule: (name: string) => get(DESTINATION_RULES, name),
    pointApex: (revision: string) => service('checkout', revision),
    warm: (revision: string, readyReplicas = 1) => {
      const metadata = { name: `checkout-${revision}`, namespace: 'shop' }
      server.put(DEPLOYMENTS, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {},
        status: { readyReplicas },
      })
      service(`checkout-${revision}`, revision)
    },
    shift: (weight: number, at: Fence = fence(), stable = STABLE, canary = CANARY) =>
      router.setTraffic(target, { weights: { [stable]: 100 - weight, [canary]: weight } }, { fence: at }),
    install: (revision = STABLE) =>
      router.setTraffic(target, { weights: { [revision]: 100 } }, { fence: fence(1, 1), stable: revision }),
    direct: () => rollbackDirect({ kube, target }),
    list: (name?: string) => live(name)?.spec.http.find((route) => route.name === 'primary')?.route,
    record: (name?: string): RouteRecord | undefined => {
      const text = live(name)?.metadata.annotations?.[KEY]
      return text === undefined ? undefined : (JSON.parse(text) as RouteRecord)
    },
    /** As a person with kubectl would; null removes. */
    edit: (patch: Record<string, unknown>, name = 'checkout') =>
      server.store.merge(placeOf(VIRTUAL_SERVICES, 'shop'), name, patch as Json),
    remove: (name = 'checkout') => server.store.remove(placeOf(VIRTUAL_SERVICES, 'shop'), name),
    writes: () => server.requests.filter(({ method }) => method !== 'GET').length,
  }
}

export const fence = (release = 2, seq = 1, uid = 'uid-1'): Fence => ({ uid, release, seq })

/** What a user owns of an object: spec, labels, annotations but for ours. */
export function ofUser(virtualService: VirtualService | undefined): unknown {
  const { [KEY]: _, ...annotations } = virtualService?.metadata.annotations ?? {}
  return JSON.stringify([virtualService?.spec, virtualService?.metadata.labels, annotations])
}
