import { adoptionOf, splitByUser, type Adopted, type Adoption, type Adopting } from '../crds/adopted-routes.ts'
import { hostsOf } from '../crds/hosts.ts'
import { LABEL, managedRoutePrefix, previewObject } from '../crds/names.ts'
import { OWNED_ROUTE } from '../crds/owned-route.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { VirtualService } from './routes.ts'

/** Undefined when there is none of that name. */
export type LookUp = (namespace: string, name: string) => VirtualService | undefined

/** `namespace/name` of the VirtualServices that a Rollout names, or owns. */
export function routeKeys({ metadata, spec }: Rollout): string[] {
  const { namespace = '', name } = metadata
  const { virtualServices = [], host } = spec.router.istio ?? {}
  return host === undefined
    ? virtualServices.map((adopted) => `${adopted.namespace ?? namespace}/${adopted.name}`)
    : [`${namespace}/${name}`]
}

/** `namespace/name` of the VirtualService that the engine makes of them for a preview. */
export const previewKey = ({ metadata: { namespace = '', name } }: Rollout): string =>
  `${namespace}/${previewObject(name)}`

/** Why the routes that a Rollout names cannot carry it: field, sentence, remedy. */
export function problemOfRoutes(rollout: Rollout, lookUp: LookUp): string | undefined {
  const { istio } = rollout.spec.router
  if (istio?.host !== undefined) return problemOfOwned(rollout, lookUp)
  for (const [index, adopted] of (istio?.virtualServices ?? []).entries()) {
    const field = `spec.router.istio.virtualServices[${index}]`
    const { namespace, live } = find(rollout, adopted, lookUp)
    if (!live) {
      return `${field}.name: there is no VirtualService ${adopted.name} in namespace ${namespace}; create it or name another`
    }
    const adopting = adoptingOf(rollout, adopted, live)
    const adoption = adoptionOf(adopting)
    const problem = adoption.problems[0] ?? splitByUser(adopting, adoption)
    if (problem !== undefined) return `${field}: ${problem}`
  }
  return undefined
}

/** The engine makes this one, unless somebody else has. */
function problemOfOwned({ metadata, spec }: Rollout, lookUp: LookUp): string | undefined {
  const { namespace = '', name } = metadata
  const live = lookUp(namespace, name)
  if (live && live.metadata.labels?.[LABEL.rollout] !== name) {
    return `spec.router.istio.host: VirtualService ${name} exists and is not of Rollout ${name}; delete or rename it, or adopt its routes with virtualServices`
  }
  const own = live && adoptionOf(adoptingOf({ metadata, spec }, { name, routes: [OWNED_ROUTE] }, live))
  if (own?.problems[0] !== undefined) {
    return `spec.router.istio.host: ${own.problems[0]}; delete the VirtualService, and it is made anew`
  }
  const { gateways = [] } = spec.router.istio ?? {}
  if (spec.service.ports.length > 1 && gateways.includes('mesh') && gateways.length > 1) {
    return `spec.router.istio.gateways: mesh beside other gateways is not possible with several ports, because a gateway's port says nothing about the Service's; give the Service one port, or adopt a VirtualService of yours with virtualServices`
  }
  return undefined
}

/** The first route that two Rollouts mean, as words. */
export function sharedRoute(one: Rollout, other: Rollout, lookUp: LookUp): string | undefined {
  const keys = routeKeys(other)
  if (!routeKeys(one).some((key) => keys.includes(key))) return undefined
  const taken = new Set(placesOf(other, lookUp).map(({ place }) => place))
  return placesOf(one, lookUp).find(({ place }) => taken.has(place))?.words
}

type Place = { place: string; words: string }

function placesOf(rollout: Rollout, lookUp: LookUp): Place[] {
  const { virtualServices = [], host } = rollout.spec.router.istio ?? {}
  if (host !== undefined) return []
  return virtualServices.flatMap((adopted) => {
    const { namespace, live } = find(rollout, adopted, lookUp)
    if (!live) return []
    const elsewhere = namespace === rollout.metadata.namespace ? '' : `${namespace}/`
    const { routes } = adoptionOf(adoptingOf(rollout, adopted, live))
    return [...routes, ...namedOf(adopted, live)].map(({ section, index, key }) => ({
      place: `${namespace}/${adopted.name} ${section}[${index}]`,
      words: key === '' ? `of VirtualService ${elsewhere}${adopted.name}` : `${elsewhere}${adopted.name}/${key}`,
    }))
  })
}

/** A name is a claim, even on a route that does not carry the Rollout now. */
const namedOf = ({ routes }: Adopted, { spec }: VirtualService): Adoption['routes'] =>
  (spec?.http ?? []).flatMap(({ name }, index) =>
    name !== undefined && routes.includes(name) ? { section: 'http' as const, index, key: name } : [],
  )

function find({ metadata }: Rollout, adopted: Adopted, lookUp: LookUp) {
  const namespace = adopted.namespace ?? metadata.namespace ?? ''
  return { namespace, live: lookUp(namespace, adopted.name) }
}

function adoptingOf(
  { metadata, spec }: Pick<Rollout, 'metadata' | 'spec'>,
  adopted: Adopted,
  live: VirtualService,
): Adopting {
  const { namespace = '', name } = metadata
  const place = live.metadata.namespace ?? namespace
  const prefix = managedRoutePrefix(namespace, name)
  return {
    adopted,
    spec: live.spec ?? {},
    hosts: hostsOf({ namespace, name, service: spec.service }, place),
    elsewhere: place === namespace ? undefined : place,
    isManaged: (route) => route.startsWith(prefix),
  }
}
