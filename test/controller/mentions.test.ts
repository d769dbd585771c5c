import { describe, expect, it } from 'vitest'
import { READERS, type Mentioning } from '../../controller/mentions.ts'

const apex = { namespace: 'shop', rollout: 'checkout', service: 'checkout', host: 'checkout.shop.svc.cluster.local' }
const names = (kind: string, spec: object, namespace = 'shop'): boolean => {
  const object: Mentioning = { apiVersion: 'v1', kind, metadata: { name: 'other', namespace }, spec }
  return READERS[kind]!.names(object, apex)
}

describe('the apex host is named', () => {
  it('by a VirtualService that routes or mirrors to it, by whatever spelling', () => {
    const to = (host: string) => [{ route: [{ destination: { host } }] }]
    expect(names('VirtualService', { http: to('checkout') })).toBe(true)
    expect(names('VirtualService', { http: to('checkout') }, 'edge')).toBe(false)
    expect(names('VirtualService', { tcp: to('checkout.shop.svc.cluster.local') }, 'edge')).toBe(true)
    expect(names('VirtualService', { tls: to('cart') })).toBe(false)
    expect(names('VirtualService', { http: [{ redirect: {}, mirror: { host: 'checkout' } }] })).toBe(true)
    expect(names('VirtualService', { http: [{ mirrors: [{ destination: { host: 'checkout.shop' } }] }] })).toBe(true)
    expect(names('VirtualService', { hosts: ['checkout'], http: [{ delegate: { name: 'x' } }] })).toBe(false)
  })

  it('by routes of the Gateway API, as backend, mirror or parent', () => {
    for (const kind of ['HTTPRoute', 'GRPCRoute']) {
      expect(names(kind, { rules: [{ backendRefs: [{ name: 'checkout', port: 80 }] }] })).toBe(true)
      expect(names(kind, { rules: [{ backendRefs: [{ name: 'checkout', port: 80 }] }] }, 'edge')).toBe(false)
      expect(names(kind, { rules: [{ backendRefs: [{ name: 'checkout', namespace: 'shop' }] }] }, 'edge')).toBe(true)
      expect(names(kind, { rules: [{ backendRefs: [{ name: 'checkout', kind: 'Bucket', group: 'x' }] }] })).toBe(false)
      const requestMirror = { backendRef: { name: 'checkout' } }
      expect(names(kind, { rules: [{ filters: [{ type: 'RequestMirror', requestMirror }] }] })).toBe(true)
      expect(names(kind, { parentRefs: [{ group: '', kind: 'Service', name: 'checkout' }] })).toBe(true)
      expect(names(kind, { parentRefs: [{ name: 'checkout' }] })).toBe(false)
    }
  })

  it('by a DestinationRule of another namespace: one of its own is copied', () => {
    expect(names('DestinationRule', { host: apex.host }, 'istio-system')).toBe(true)
    expect(names('DestinationRule', { host: 'checkout' })).toBe(false)
    expect(names('DestinationRule', { host: '*.local' }, 'istio-system')).toBe(false)
  })

  it('by a Sidecar that does not know the hosts of revisions as well', () => {
    const egress = (...hosts: string[]) => ({ egress: [{ hosts }] })
    expect(names('Sidecar', egress(`./${apex.host}`))).toBe(true)
    expect(names('Sidecar', egress(`./${apex.host}`), 'edge')).toBe(false)
    expect(names('Sidecar', egress(`shop/${apex.host}`, 'istio-system/*'), 'edge')).toBe(true)
    expect(names('Sidecar', egress(`shop/${apex.host}`, 'shop/*.shop.svc.cluster.local'), 'edge')).toBe(false)
    expect(names('Sidecar', egress('./*'))).toBe(false)
    expect(names('Sidecar', {})).toBe(false)
  })

  it('by a ServiceEntry, an AuthorizationPolicy and an EnvoyFilter', () => {
    expect(names('ServiceEntry', { hosts: ['x.example', apex.host] })).toBe(true)
    expect(names('ServiceEntry', { hosts: ['x.example'] })).toBe(false)
    const to = (operation: object) => ({ rules: [{ to: [{ operation }] }] })
    expect(names('AuthorizationPolicy', to({ hosts: [`${apex.host}:80`] }))).toBe(true)
    expect(names('AuthorizationPolicy', to({ notHosts: ['checkout'] }))).toBe(true)
    expect(names('AuthorizationPolicy', to({ paths: ['/checkout'] }))).toBe(false)
    expect(names('AuthorizationPolicy', { targetRefs: [{ kind: 'Service', group: '', name: 'checkout' }] })).toBe(true)
    const patch = (name: string) => ({ configPatches: [{ match: { cluster: { name } } }] })
    expect(names('EnvoyFilter', patch(`outbound|80||${apex.host}`), 'edge')).toBe(true)
    expect(names('EnvoyFilter', patch(`outbound|80||my-${apex.host}`), 'edge')).toBe(false)
  })
})
