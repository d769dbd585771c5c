import { revisionObject, serviceHost } from '../../crds/names.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { RouteTarget } from '../router.ts'

/** Whose a destination is: stable's by the apex, one revision's, or somebody else's. */
export type Owner = { kind: 'apex' } | { kind: 'revision'; revision: Revision } | { kind: 'foreign' }

export type Hosts = {
  apex: string
  of(revision: Revision): string
  ownerOf(destination: { host: string; subset?: string }): Owner
}

/** Hosts of a Rollout as FQDNs. Short names are read in the namespace of the route object, which is the Rollout's. */
export function hostsOf({ namespace, name, service }: RouteTarget): Hosts {
  const apex = serviceHost(namespace, service.name)
  const of = (revision: Revision): string => serviceHost(namespace, revisionObject(name, revision))
  return {
    apex,
    of,
    ownerOf({ host, subset }) {
      const full = fqdn(host, namespace)
      // A subset is a choice of the user's among the apex's pods: revision hosts have none.
      if (full === apex) return { kind: subset === undefined ? 'apex' : 'foreign' }
      const revision = /-([0-9a-f]{10})$/.exec(full.split('.')[0]!)?.[1]
      return revision !== undefined && full === of(revision) ? { kind: 'revision', revision } : { kind: 'foreign' }
    },
  }
}

/** `checkout`, `checkout.shop`, `checkout.shop.svc` and the full name are one host; anything else is taken as it is. */
export function fqdn(host: string, namespace: string): string {
  const parts = host.toLowerCase().replace(/\.$/, '').split('.')
  if (parts.length === 1) return serviceHost(namespace, parts[0]!)
  if (parts.length === 2) return serviceHost(parts[1]!, parts[0]!)
  if (parts.length === 3 && parts[2] === 'svc') return serviceHost(parts[1]!, parts[0]!)
  return parts.join('.')
}
