import { isDeepStrictEqual } from 'node:util'
import { FIELD_MANAGER, LABEL, previewObject } from '../../../crds/names.ts'
import { VIRTUAL_SERVICES } from '../../../crds/resources.ts'
import type { Revision } from '../../../crds/traffic.ts'
import type { Kube, OwnerReference } from '../../../kube/index.ts'
import { routeError } from '../../errors.ts'
import type { RouteTarget } from '../../router.ts'
import { isPresent, type Present } from '../plan.ts'
import type { RouteObject, Routes } from '../routes.ts'
import { ownerOf } from '../destination-rules.ts'
import { otherManager } from '../ownership.ts'
import type { HttpRoute, VirtualService } from '../virtual-service.ts'
import { toSide } from './clones.ts'
import { isAlike } from './tampering.ts'

export type Preview = { host: string; gateways: string[]; http: HttpRoute[]; canary: Revision }

/** What the adopted routes are, under another host and to the side host. Throws `Unroutable` with a sentence. */
export function previewOf(objects: Present[], host: string, canary: Revision): Preview {
  const delegate = objects.find(({ live }) => hostsIn(live).length === 0)
  if (delegate) {
    const words = `VirtualService ${delegate.ref.name} is a delegate: it names no gateway under which ${host} could be served`
    throw routeError('Unroutable', words)
  }
  if (objects.some(({ live }) => hostsIn(live).includes(host)))
    throw routeError('Unroutable', `the preview's host ${host} is that of the service itself; choose another`)
  const http = objects.flatMap(({ live, routes, hosts }) =>
    routes.flatMap(({ section, index, original }): HttpRoute[] => {
      const route = live.spec[section]?.[index]
      return section === 'http' && route ? [toSide({ route, original }, canary, hosts)] : []
    }),
  )
  if (http.length === 0) throw routeError('Unroutable', 'no http route is adopted that a preview could be made of')
  return { host, gateways: [...new Set(objects.flatMap(gatewaysIn))], http, canary }
}

/** Throws `ForeignObject` where somebody else's VirtualService has the name. */
export async function writePreview(kube: Kube, target: RouteTarget, preview: Preview): Promise<void> {
  const { namespace, name } = target
  const { host, gateways, http, canary } = preview
  await refuseForeign(kube, target)
  const metadata: VirtualService['metadata'] & { ownerReferences: OwnerReference[] } = {
    name: previewObject(name),
    namespace,
    labels: { [LABEL.rollout]: name, [LABEL.revision]: canary, [LABEL.managedBy]: 'sluice' },
    ownerReferences: [await ownerOf(kube, target, canary)],
  }
  const spec = { hosts: [host], ...(gateways.length === 0 ? {} : { gateways }), http }
  const object = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec }
  await kube.apply(VIRTUAL_SERVICES, object, { fieldManager: FIELD_MANAGER.objects, force: true })
}

/** Removing what is not there, or is not ours, is success. */
export async function removePreview(kube: Kube, target: RouteTarget): Promise<void> {
  const live = await kube.get<VirtualService>(refOf(target))
  if (!live || !isOurs(live, target)) return
  await kube.delete(refOf(target), live.metadata.uid ? { uid: live.metadata.uid } : {})
}

/** What became of the one that the record names, as words; undefined where it is as it was written. */
export async function lossOfPreview(kube: Kube, target: RouteTarget, { objects, record }: Routes) {
  const { preview: host, canary } = record ?? {}
  if (host === undefined || canary === undefined) return undefined
  const live = await kube.get<VirtualService>(refOf(target))
  const name = `VirtualService ${previewObject(target.name)}`
  if (!live) return `${name}, the preview, is gone`
  const wanted = previewNow(objects, host, canary)
  if (!wanted || (isOurs(live, target) && isAsWritten(live, wanted))) return undefined
  const manager = otherManager(live)
  return manager === undefined
    ? `${name}, the preview, is not as its routes are now`
    : `${manager} changed ${name}, the preview`
}

/** Undefined where the routes that it is made of do not allow any now: the next write tells so. */
function previewNow(objects: RouteObject[], host: string, canary: Revision): Preview | undefined {
  try {
    return previewOf(objects.filter(isPresent), host, canary)
  } catch (error) {
    if (error instanceof Error && error.name === 'Unroutable') return undefined
    throw error
  }
}

function isAsWritten({ spec }: VirtualService, { host, gateways, http }: Preview): boolean {
  const { hosts, gateways: found = [], http: routes = [] } = spec
  return (
    isDeepStrictEqual([hosts, found], [[host], gateways]) &&
    routes.length === http.length &&
    http.every((route, index) => isAlike(routes[index]!, route))
  )
}

async function refuseForeign(kube: Kube, target: RouteTarget): Promise<void> {
  const live = await kube.get<VirtualService>(refOf(target))
  if (!live || isOurs(live, target)) return
  const { name } = live.metadata
  const words = `VirtualService ${name} exists and is not of Rollout ${target.name}; rename or delete it`
  throw routeError('ForeignObject', words)
}

const refOf = ({ namespace, name }: RouteTarget) => ({
  resource: VIRTUAL_SERVICES,
  namespace,
  name: previewObject(name),
})

const isOurs = ({ metadata: { labels } }: VirtualService, { name }: RouteTarget): boolean =>
  labels?.[LABEL.rollout] === name && labels[LABEL.managedBy] === 'sluice'

const hostsIn = ({ spec }: VirtualService): string[] => (spec['hosts'] as string[] | undefined) ?? []

/** Short names are read in the namespace of the object that names them. None at all means the mesh. */
function gatewaysIn({ live, ref }: Present): string[] {
  const gateways = (live.spec['gateways'] as string[] | undefined) ?? ['mesh']
  return gateways.map((gateway) =>
    gateway === 'mesh' || /[/.]/.test(gateway) ? gateway : `${ref.namespace}/${gateway}`,
  )
}
