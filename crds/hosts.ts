import { revisionObject, serviceHost, sideObject } from './names.ts'
import type { Revision } from './traffic.ts'

/** Whose a destination is: stable's by the apex, one revision's, or somebody else's. */
export type Owner = { kind: 'apex' } | { kind: 'revision'; revision: Revision } | { kind: 'foreign' }

export type Hosts = {
  apex: string
  of(revision: Revision): string
  /** Takes what is beside the weights; nobody's in the eyes of `ownerOf`. */
  side(revision: Revision): string
  ownerOf(destination: { host: string; subset?: string }): Owner
}

/** What the hosts of a Rollout are made of. */
export type Hosted = { namespace: string; name: string; service: { name: string } }

/**
 * Hosts of a Rollout as FQDNs. Short names are read in the namespace of the object that names them, which is the
 * Rollout's where it is not given.
 */
export function hostsOf({ namespace, name, service }: Hosted, readIn: string = namespace): Hosts {
  const apex = serviceHost(namespace, service.name)
  const of = (revision: Revision): string => serviceHost(namespace, revisionObject(name, revision))
  return {
    apex,
    of,
    side: (revision) => serviceHost(namespace, sideObject(name, revision)),
    ownerOf({ host, subset }) {
      const full = fqdn(host, readIn)
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
