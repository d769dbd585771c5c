import type { Hosts } from './hosts.ts'

/** Where routes stand in the spec of a VirtualService. */
export const SECTIONS = ['http', 'tls', 'tcp'] as const
export type Section = (typeof SECTIONS)[number]

/** The few fields of a VirtualService's spec that tell which routes are meant. */
export type Routing = { [S in Section]?: Route[] }

type Route = {
  name?: string
  match?: { port?: number; sniHosts?: string[] }[]
  route?: { destination: { host: string; subset?: string } }[]
  delegate?: { name?: string; namespace?: string }
}

/** One entry of `spec.router.istio.virtualServices`. */
export type Adopted = {
  name: string
  namespace?: string
  routes: string[]
  tlsRoutes?: { port?: number; sniHosts?: string[] }[]
  tcpRoutes?: { port?: number }[]
}

/** `key` stays the same while other routes come and go. */
export type AdoptedRoute = { section: Section; index: number; key: string }

export type Adoption = {
  /** Routes that carry us. */
  routes: AdoptedRoute[]
  /** What stands in the way of carrying all that are meant, in sentences with the remedy. */
  problems: string[]
}

export type Adopting = {
  adopted: Adopted
  spec: Routing
  hosts: Hosts
  /** Namespace of the VirtualService, where it is not the Rollout's. */
  elsewhere?: string | undefined
  /** True for the name of a route that the engine made. */
  isManaged: (route: string) => boolean
}

/** Which routes of a VirtualService a Rollout means. Of a route that does not carry us it says why. */
export function adoptionOf(adopting: Adopting): Adoption {
  const { adopted } = adopting
  const { routes, tlsRoutes = [], tcpRoutes = [] } = adopted
  const asked =
    routes.length + tlsRoutes.length + tcpRoutes.length === 0
      ? [onlyHttpRoute(adopting)]
      : [
          ...routes.map((name) => namedRoute(adopting, name)),
          ...tlsRoutes.map((wanted) => matchedRoute(adopting, 'tls', wanted)),
          ...tcpRoutes.map((wanted) => matchedRoute(adopting, 'tcp', wanted)),
        ]
  const found = asked.filter((answer) => typeof answer !== 'string')
  const twice = found.filter(({ section, index }, at) => {
    const first = found.findIndex((other) => other.section === section && other.index === index)
    return first !== at
  })
  return {
    routes: found.filter((route) => !twice.includes(route)),
    problems: [
      ...asked.filter((answer) => typeof answer === 'string'),
      ...twice.map(({ key }) => `the ${key} of ${nameOf(adopting)} is named twice; leave one out`),
    ],
  }
}

/**
 * Why a release cannot begin on these routes although they carry us: the user divides the apex's own pods by subset, and
 * a revision has none. Undefined when nothing does.
 */
export function splitByUser(adopting: Adopting, { routes }: Adoption): string | undefined {
  const { hosts, spec } = adopting
  for (const { section, index, key } of routes) {
    const list = spec[section]?.[index]?.route ?? []
    const chosen = list.find(({ destination }) => subsetOfApex(destination, hosts))
    if (chosen) {
      return `${routeWords(section, key)} of ${nameOf(adopting)} divides ${hosts.apex} by subset (${chosen.destination.subset}); a revision has no subsets, and the share of the subset would follow no release: send that part to a Service of its own, or to ${hosts.apex} without subset`
    }
  }
  return undefined
}

function namedRoute(adopting: Adopting, name: string): AdoptedRoute | string {
  const all = adopting.spec.http ?? []
  const found = all.flatMap((route, index) => (route.name === name ? index : []))
  const has = ofNames(all.flatMap((route) => route.name ?? []))
  if (found.length === 0) {
    return `${nameOf(adopting)} has no http route named ${name} (${has}); name that route in the VirtualService, or another one in routes`
  }
  if (found.length > 1) return `${nameOf(adopting)} has ${found.length} http routes named ${name}: names must be unique`
  return carrying(adopting, { section: 'http', index: found[0]!, key: name })
}

/** Left out, because it needs no name: the one http route that carries us. */
function onlyHttpRoute(adopting: Adopting): AdoptedRoute | string {
  const { spec, isManaged, hosts } = adopting
  const own = (spec.http ?? []).flatMap((route, index) => (isManaged(route.name ?? '') ? [] : { route, index }))
  const carriers = own.filter(({ route }) => carries(route, hosts))
  // While a release runs, somebody may have added another route to the apex: ours is the one that names revisions.
  const divided = carriers.filter(({ route }) =>
    route.route?.some(({ destination }) => hosts.ownerOf(destination).kind === 'revision'),
  )
  const [only, ...more] = divided.length === 1 ? divided : carriers
  if (!only) {
    const lone = own.length === 1 ? whyNot(adopting, own[0]!.route, { section: 'http', key: '' }) : undefined
    return lone ?? `no http route of ${nameOf(adopting)} has a destination ${hosts.apex} without subset`
  }
  if (more.length > 0) {
    const names = [only, ...more].map(({ route, index }) => route.name ?? `spec.http[${index}], which has no name`)
    return `${names.length} http routes of ${nameOf(adopting)} have the destination ${hosts.apex} (${names.join(', ')}); say in routes which of them carry this service`
  }
  return { section: 'http', index: only.index, key: '' }
}

type Wanted = { port?: number; sniHosts?: string[] }

function matchedRoute(adopting: Adopting, section: 'tls' | 'tcp', wanted: Wanted): AdoptedRoute | string {
  const all = adopting.spec[section] ?? []
  const found = all.flatMap((route, index) => (fits(route, wanted) ? index : []))
  const what = `${section} route${wordsFor(wanted)}`
  if (found.length === 0) {
    return `${nameOf(adopting)} has no ${what} (${all.length === 0 ? `it has no ${section} routes` : `it has ${all.map(portsOf).join(', ')}`})`
  }
  if (found.length > 1) {
    const remedy = section === 'tls' ? 'its port and sniHosts' : 'its port'
    return `${nameOf(adopting)} has ${found.length} ${section} routes that are meant by ${what}; tell them apart by ${remedy}`
  }
  return carrying(adopting, { section, index: found[0]!, key: what })
}

const fits = ({ match = [] }: Route, { port, sniHosts = [] }: Wanted): boolean =>
  (port === undefined && sniHosts.length === 0) ||
  match.some(
    (one) => (port === undefined || one.port === port) && sniHosts.every((host) => (one.sniHosts ?? []).includes(host)),
  )

const wordsFor = ({ port, sniHosts = [] }: Wanted): string =>
  [port === undefined ? '' : ` of port ${port}`, sniHosts.length === 0 ? '' : ` for ${sniHosts.join(' and ')}`].join('')

function portsOf({ match = [] }: Route): string {
  const words = match.map(({ port, sniHosts }) =>
    wordsFor({ ...(port ? { port } : {}), ...(sniHosts ? { sniHosts } : {}) }),
  )
  return words.some((word) => word !== '') ? `one${words.join(' or')}` : 'one that matches everything'
}

function carrying(adopting: Adopting, found: AdoptedRoute): AdoptedRoute | string {
  const route = adopting.spec[found.section]?.[found.index] ?? {}
  return whyNot(adopting, route, found) ?? found
}

type Place = { section: Section; key: string }

/** Undefined when the route carries us. */
function whyNot(adopting: Adopting, route: Route, { section, key }: Place): string | undefined {
  const { hosts, adopted } = adopting
  if (carries(route, hosts)) return undefined
  const which = `${routeWords(section, key)} of ${nameOf(adopting)}`
  if (route.delegate) {
    const { name = adopted.name, namespace = adopting.elsewhere } = route.delegate
    const at = namespace === undefined ? name : `${namespace}/${name}`
    return `${which} delegates to VirtualService ${at}, where the destinations are; name that one in virtualServices`
  }
  return `${which} has no destination ${hosts.apex} without subset`
}

const carries = ({ route = [] }: Route, hosts: Hosts): boolean =>
  route.some(({ destination }) => hosts.ownerOf(destination).kind !== 'foreign')

const subsetOfApex = ({ host, subset }: { host: string; subset?: string }, hosts: Hosts): boolean =>
  subset !== undefined && hosts.ownerOf({ host }).kind === 'apex'

const routeWords = (section: Section, key: string): string =>
  section === 'http' ? (key === '' ? 'the http route' : `route ${key}`) : `the ${key}`

const nameOf = ({ adopted, elsewhere }: Adopting): string =>
  `VirtualService ${elsewhere === undefined ? '' : `${elsewhere}/`}${adopted.name}`

const ofNames = (names: string[]): string =>
  names.length === 0 ? 'none of its http routes has a name' : `it has ${names.join(', ')}`
