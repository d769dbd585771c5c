import { nearest } from '../nearest.ts'
import type { Declaration, Mistake } from './mistake.ts'

/** The same object twice in one file: the second one would replace the first. Another file may be another overlay. */
export function twice(objects: Declaration[]): Mistake[] {
  const seen = new Map<string, Declaration>()
  return objects.flatMap((object) => {
    const { kind, metadata } = object.manifest
    const key = `${object.placeOf([]).file} ${kind} ${metadata?.namespace ?? ''}/${metadata?.name}`
    const first = seen.get(key)
    seen.set(key, first ?? object)
    if (!first || metadata?.name === undefined) return []
    const { file, line } = first.placeOf(['metadata', 'name'])
    const message = `${kind} ${metadata.name} is declared twice, first in ${file}:${line}; rename or remove one`
    return [{ at: object.placeOf(['metadata', 'name']), field: 'metadata.name', message }]
  })
}

type Adopted = { name?: string; namespace?: string; routes?: string[] }
type Router = { router?: { istio?: { virtualServices?: Adopted[] } } }
type Routes = Record<'http' | 'tls' | 'tcp', { name?: string }[] | undefined>

/** Routes that a Rollout names and the VirtualService beside it has not. One that stands elsewhere is not asked. */
export function missingRoutes(objects: Declaration[]): Mistake[] {
  const services = objects.filter(({ manifest }) => manifest.kind === 'VirtualService')
  return objects.flatMap((object) => {
    if (object.manifest.kind !== 'Rollout') return []
    const adopted = (object.manifest['spec'] as Router | undefined)?.router?.istio?.virtualServices
    if (!Array.isArray(adopted)) return []
    return adopted.flatMap((one, index) => {
      const service = services.find((found) => isSame(found, one, object))
      return service ? missingIn(service, one, index, object) : []
    })
  })
}

function isSame({ manifest: { metadata } }: Declaration, adopted: Adopted, { manifest }: Declaration): boolean {
  const namespace = adopted.namespace ?? manifest.metadata?.namespace
  return metadata?.name === adopted.name && (metadata?.namespace ?? namespace) === (namespace ?? metadata?.namespace)
}

function missingIn(service: Declaration, { name, routes }: Adopted, index: number, rollout: Declaration): Mistake[] {
  const { http, tls, tcp } = (service.manifest['spec'] ?? {}) as Routes
  const names = [http, tls, tcp].flatMap((list) => list ?? []).flatMap((route) => route.name ?? [])
  if (!Array.isArray(routes)) return []
  return routes.flatMap((route, at) => {
    if (names.includes(route)) return []
    const meant = nearest(route, names)
    const path = ['spec', 'router', 'istio', 'virtualServices', index, 'routes', at]
    const hint = meant === undefined ? `it has ${names.join(', ') || 'none with a name'}` : `did you mean ${meant}?`
    return [
      {
        at: rollout.placeOf(path),
        field: `spec.router.istio.virtualServices[${index}].routes[${at}]`,
        message: `VirtualService ${name} in these files has no route ${route}; ${hint}`,
      },
    ]
  })
}
