import { fqdn } from '../crds/hosts.ts'
import { revisionObject, serviceHost } from '../crds/names.ts'
import type { KubeObject } from '../kube/index.ts'

/** The Service that is named. */
export type Apex = { namespace: string; rollout: string; service: string; host: string }

export type Mentioning = KubeObject & { spec?: unknown }

/** Says whether an object names the apex; what that means for its users while a release runs is a sentence per kind. */
type Reader = { names: (object: Mentioning, apex: Apex) => boolean; meaning: string }

const ONLY_STABLE = 'whose requests see only stable'

export const READERS: Record<string, Reader> = {
  VirtualService: { names: routesTo, meaning: `routes to it, ${ONLY_STABLE}` },
  HTTPRoute: { names: attachesTo, meaning: `routes to it, ${ONLY_STABLE}` },
  GRPCRoute: { names: attachesTo, meaning: `routes to it, ${ONLY_STABLE}` },
  DestinationRule: { names: ofHost, meaning: 'has a policy for it that the hosts of revisions do not get' },
  Sidecar: { names: egresses, meaning: 'lets proxies know it, and not the hosts of revisions' },
  ServiceEntry: {
    names: declares,
    meaning: 'says something about it that it does not say about the hosts of revisions',
  },
  AuthorizationPolicy: { names: rules, meaning: 'has rules about it that say nothing about the hosts of revisions' },
  EnvoyFilter: { names: patches, meaning: 'patches what has its name, and nothing of the hosts of revisions' },
}

type Destination = { host?: string }
type IstioRoute = {
  route?: { destination?: Destination }[]
  mirror?: Destination
  mirrors?: { destination?: Destination }[]
}

function routesTo(object: Mentioning, apex: Apex): boolean {
  const {
    http = [],
    tls = [],
    tcp = [],
  } = specOf<{ http?: IstioRoute[]; tls?: IstioRoute[]; tcp?: IstioRoute[] }>(object)
  return [...http, ...tls, ...tcp]
    .flatMap(({ route = [], mirror, mirrors = [] }) => [
      ...route.map(({ destination }) => destination),
      mirror,
      ...mirrors.map(({ destination }) => destination),
    ])
    .some((destination) => isHost(object, apex, destination?.host))
}

type Reference = { group?: string; kind?: string; name?: string; namespace?: string }
type GatewayRoute = {
  parentRefs?: Reference[]
  rules?: { backendRefs?: Reference[]; filters?: { requestMirror?: { backendRef?: Reference } }[] }[]
}

/** As a backend, or as the parent that its clients call. */
function attachesTo(object: Mentioning, apex: Apex): boolean {
  const { parentRefs = [], rules: all = [] } = specOf<GatewayRoute>(object)
  const parents = parentRefs.filter(({ kind }) => kind === 'Service')
  const backends = all.flatMap(({ backendRefs = [], filters = [] }) => [
    ...backendRefs,
    ...filters.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? []),
  ])
  return [...parents, ...backends].some((reference) => isService(object, apex, reference))
}

function isService(
  { metadata }: Mentioning,
  apex: Apex,
  { group = '', kind = 'Service', ...rest }: Reference,
): boolean {
  const { name, namespace = metadata.namespace } = rest
  return group === '' && kind === 'Service' && name === apex.service && namespace === apex.namespace
}

/** One of the Rollout's own namespace is copied for the hosts of revisions. */
function ofHost(object: Mentioning, apex: Apex): boolean {
  return object.metadata.namespace !== apex.namespace && isHost(object, apex, specOf<{ host?: string }>(object).host)
}

/** `namespace/host`; an entry that covers the hosts of revisions too does no harm. */
function egresses(object: Mentioning, apex: Apex): boolean {
  const { egress = [] } = specOf<{ egress?: { hosts?: string[] }[] }>(object)
  const hosts = egress.flatMap((listener) => listener.hosts ?? []).map((entry) => entry.split('/'))
  const near = hosts.filter(([from]) => isFrom(from ?? '', object, apex)).map(([, host = '']) => host.toLowerCase())
  const ofRevision = serviceHost(apex.namespace, revisionObject(apex.rollout, '0123456789'))
  return near.includes(apex.host) && !near.some((host) => host === '*' || covers(host, ofRevision))
}

const isFrom = (from: string, { metadata }: Mentioning, apex: Apex): boolean =>
  from === '*' || from === apex.namespace || (from === '.' && metadata.namespace === apex.namespace)

const covers = (pattern: string, host: string): boolean => pattern.startsWith('*.') && host.endsWith(pattern.slice(1))

function declares(object: Mentioning, apex: Apex): boolean {
  return (specOf<{ hosts?: string[] }>(object).hosts ?? []).some((host) => isHost(object, apex, host))
}

type Policy = {
  targetRef?: Reference
  targetRefs?: Reference[]
  rules?: { to?: { operation?: { hosts?: string[]; notHosts?: string[] } }[] }[]
}

function rules(object: Mentioning, apex: Apex): boolean {
  const { targetRef, targetRefs = [], rules: all = [] } = specOf<Policy>(object)
  const operations = all.flatMap(({ to = [] }) => to.map(({ operation }) => operation ?? {}))
  const hosts = operations.flatMap(({ hosts: allowed = [], notHosts = [] }) => [...allowed, ...notHosts])
  const targets = [...(targetRef ? [targetRef] : []), ...targetRefs].filter(({ kind }) => kind === 'Service')
  return (
    hosts.some((host) => isHost(object, apex, host.replace(/:(\d+|\*)$/, ''))) ||
    targets.some((target) => isService(object, apex, target))
  )
}

/** Names of clusters and virtual hosts contain it, with ports before or after. */
function patches(object: Mentioning, apex: Apex): boolean {
  const text = JSON.stringify(specOf(object)).toLowerCase()
  const host = apex.host.replaceAll('.', '\\.')
  return new RegExp(`(^|[^a-z0-9.-])${host}($|[^a-z0-9.-])`).test(text)
}

const isHost = ({ metadata }: Mentioning, apex: Apex, host: string | undefined): boolean =>
  host !== undefined && fqdn(host, metadata.namespace ?? '') === apex.host

const specOf = <T = object>({ spec }: Mentioning): Partial<T> => spec ?? {}
