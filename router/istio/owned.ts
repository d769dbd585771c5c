import { FIELD_MANAGER, LABEL } from '../../crds/names.ts'
import { OWNED_ROUTE, ownedRouting, servesAs } from '../../crds/owned-route.ts'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { Kube } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'
import { ownerOf } from './destination-rules.ts'
import type { VirtualService } from './virtual-service.ts'

type Adopted = RouteTarget['router']['istio']['virtualServices'][number]

/** The routes that carry a Rollout: those that it names, or the one that the engine makes. */
export const adoptedBy = ({ name, router }: RouteTarget): Adopted[] =>
  router.istio.host === undefined ? router.istio.virtualServices : [{ name, routes: [OWNED_ROUTE] }]

/** See `Router.own`. Throws `ForeignObject` when somebody else's VirtualService has the name. */
export async function own(kube: Kube, target: RouteTarget, revision: Revision): Promise<void> {
  const wanted = ownedRouting(target)
  if (!wanted) return
  const { namespace, name } = target
  const ref = { resource: VIRTUAL_SERVICES, namespace, name }
  const live = await kube.get<VirtualService>(ref)
  if (live && live.metadata.labels?.[LABEL.rollout] !== name) {
    const words = `VirtualService ${name} exists and is not of Rollout ${name}; rename or delete it`
    throw routeError('ForeignObject', words)
  }
  const options = { fieldManager: FIELD_MANAGER.objects }
  if (live) {
    if (servesAs(live.spec, wanted)) return
    const { resourceVersion } = live.metadata
    const spec = { hosts: wanted.hosts, gateways: wanted.gateways ?? null }
    await kube.mergePatch(ref, { metadata: { resourceVersion }, spec }, options)
    return
  }
  const metadata = {
    name,
    namespace,
    labels: { [LABEL.rollout]: name, [LABEL.managedBy]: 'sluice' },
    ownerReferences: [await ownerOf(kube, target, revision)],
  }
  const made = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: wanted }
  await kube.create<VirtualService>(VIRTUAL_SERVICES, made, options)
}

/** Our own VirtualService is missing, or says something else than is declared about hosts and gateways. */
export function isDrifted(target: RouteTarget, live: VirtualService | undefined): boolean {
  const wanted = ownedRouting(target)
  return wanted !== undefined && (live === undefined || !servesAs(live.spec, wanted))
}
