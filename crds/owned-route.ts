import { serviceHost } from './names.ts'

/** The route of a VirtualService that the engine makes. */
export const OWNED_ROUTE = 'primary'

/** What the engine says in a VirtualService of its own; `http` is how it begins and how it is at rest. */
export type OwnedRouting = {
  hosts: string[]
  gateways?: string[]
  http: { name: string; route: { destination: { host: string; port?: { number: number } } }[] }[]
}

export type Owning = {
  namespace: string
  service: { name: string; ports: { port: number }[] }
  router: { istio: { host?: string; gateways?: string[] } }
}

/** Undefined where the routes of somebody else are adopted. */
export function ownedRouting({ namespace, service, router }: Owning): OwnedRouting | undefined {
  const { host, gateways } = router.istio
  if (host === undefined) return undefined
  const [first, ...more] = service.ports
  // Of one port nothing has to be said. Clients in the mesh call the port that they mean; a gateway's port means nothing here.
  const port = first && more.length > 0 && gateways !== undefined && !gateways.includes('mesh') ? first.port : undefined
  const destination = {
    host: serviceHost(namespace, service.name),
    ...(port === undefined ? {} : { port: { number: port } }),
  }
  return { hosts: [host], ...(gateways ? { gateways } : {}), http: [{ name: OWNED_ROUTE, route: [{ destination }] }] }
}

/** False when its hosts or gateways are not the declared ones. The rest of the routes is left to whoever changes it. */
export const servesAs = (spec: Record<string, unknown>, { hosts, gateways }: OwnedRouting): boolean =>
  JSON.stringify([spec['hosts'], spec['gateways'] ?? []]) === JSON.stringify([hosts, gateways ?? []])
