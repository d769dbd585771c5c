import { FIELD_MANAGER, LABEL, revisionObject, sideObject } from '../crds/names.ts'
import { SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Kube, OwnerReference } from '../kube/index.ts'
import { keyApex, missingApex, readApex } from './adoption-apex.ts'
import { untilNoConflict } from './conflict.ts'
import { isOurs, MANAGED_BY, missingOwner, namespaceOf, podLabels } from './identity.ts'
import type { Service, ServicePort } from './objects.ts'
import { ownerFor } from './owner.ts'
import { foreignApex, foreignObject } from './ownership.ts'

/** Each revision's Service selects its own pods, even where a blocked rollback had redirected it. */
export async function ensureServices(kube: Kube, rollout: Rollout, revisions: Revision[]): Promise<void> {
  for (const revision of revisions) await point(kube, rollout, { revision, to: revision })
}

export const ensureSideService = (kube: Kube, rollout: Rollout, revision: Revision): Promise<void> =>
  point(kube, rollout, { revision, to: revision, side: true })

/** Second lever of a blocked rollback: requests that are sent to `from` are answered by `to`. */
export const redirectService = (kube: Kube, rollout: Rollout, from: Revision, to: Revision): Promise<void> =>
  point(kube, rollout, { revision: from, to })

/** The apex: made from spec.service, or given to the Rollout by the label; with `workloadRef` the user's, and one key of it ours. */
export const pointApex = (kube: Kube, rollout: Rollout, stable: Revision): Promise<void> =>
  rollout.spec.workloadRef ? keyApex(kube, rollout, stable) : point(kube, rollout, { to: stable })

/** Throws when the apex's name is taken by a Service that is not ours; with `workloadRef` when there is none. */
export async function refuseForeignApex(kube: Kube, rollout: Rollout): Promise<void> {
  const ref = { resource: SERVICES, namespace: namespaceOf(rollout), name: rollout.spec.service.name }
  const live = await kube.get<Service>(ref)
  if (rollout.spec.workloadRef) {
    if (!live) throw foreignObject(missingApex(rollout))
  } else if (live) refuseForeign(live, rollout, {})
}

export async function removeServices(kube: Kube, rollout: Rollout, revisions: Revision[]): Promise<void> {
  const namespace = namespaceOf(rollout)
  const { items } = await kube.list<Service>(SERVICES, {
    namespace,
    labelSelector: `${LABEL.rollout}=${rollout.metadata.name}`,
  })
  const leaving = items.filter(
    (service) => isOurs(service, rollout) && revisions.includes(service.metadata.labels?.[LABEL.revision] ?? ''),
  )
  for (const { metadata } of leaving) {
    await kube.delete({ resource: SERVICES, namespace, name: metadata.name }, metadata.uid ? { uid: metadata.uid } : {})
  }
}

/** `revision`: whose Service; absent for the apex. `to`: whose pods it selects. */
type Pointing = { revision?: Revision; to: Revision; side?: true }

async function point(kube: Kube, rollout: Rollout, pointing: Pointing): Promise<void> {
  const owner = await ownerFor(kube, rollout)
  const ports = rollout.spec.workloadRef ? await portsOfApex(kube, rollout) : rollout.spec.service.ports
  const wanted = serviceOf(rollout, pointing, { owner, ports })
  const { name, namespace } = wanted.metadata
  const ref = { resource: SERVICES, namespace: namespace ?? '', name }
  await untilNoConflict(async () => {
    const live = await kube.get<Service>(ref)
    if (!live) return kube.create(SERVICES, wanted, { fieldManager: FIELD_MANAGER.objects })
    refuseForeign(live, rollout, pointing)
    const patch = difference(live, wanted, owner)
    return patch && kube.mergePatch(ref, patch, { fieldManager: FIELD_MANAGER.objects })
  })
}

function serviceOf(rollout: Rollout, { revision, to, side }: Pointing, { owner, ports }: Making): Service {
  const { name } = rollout.metadata
  const { service } = rollout.spec
  const own = revision === undefined ? { [LABEL.rollout]: name } : podLabels(name, revision)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: revision === undefined ? service.name : (side ? sideObject : revisionObject)(name, revision),
      namespace: namespaceOf(rollout),
      labels: { ...own, [LABEL.managedBy]: MANAGED_BY },
      ownerReferences: [owner],
    },
    spec: { selector: podLabels(name, to), ports },
  }
}

type Making = { owner: OwnerReference; ports: ServicePort[] }

/** The user's Service says what its ports are; those of its nodes are its own. */
async function portsOfApex(kube: Kube, rollout: Rollout): Promise<ServicePort[]> {
  const apex = await readApex(kube, rollout)
  if (!apex) throw foreignObject(missingApex(rollout))
  return (apex.spec.ports ?? []).map((port) => {
    const { nodePort: _, ...own } = port
    return own
  })
}

/** A merge patch with resourceVersion; undefined when nothing differs. */
function difference(live: Service, wanted: Service, rollout: OwnerReference): Record<string, unknown> | undefined {
  const owner = missingOwner(live, rollout)
  const selector = selectorPatch(live.spec.selector ?? {}, wanted.spec.selector ?? {})
  const ports = !samePorts(live.spec.ports ?? [], wanted.spec.ports ?? [])
  const spec = { ...(selector ? { selector } : {}), ...(ports ? { ports: wanted.spec.ports } : {}) }
  if (Object.keys(owner).length + Object.keys(spec).length === 0) return undefined
  return { metadata: { ...owner, resourceVersion: live.metadata.resourceVersion }, spec }
}

/** A merge patch merges maps: keys that are to go have to be named. */
function selectorPatch(
  live: Record<string, string>,
  wanted: Record<string, string>,
): Record<string, string | null> | undefined {
  const leaving = Object.keys(live).filter((key) => !(key in wanted))
  const changed = Object.entries(wanted).filter(([key, value]) => live[key] !== value)
  if (leaving.length + changed.length === 0) return undefined
  return { ...Object.fromEntries(leaving.map((key) => [key, null])), ...wanted }
}

/** As the API server fills in defaults: targetPort is the port, the protocol TCP. */
function samePorts(live: ServicePort[], wanted: ServicePort[]): boolean {
  const text = (port: ServicePort): string =>
    [port.name, port.port, port.targetPort ?? port.port, port.protocol ?? 'TCP', port.appProtocol].join(' ')
  return live.map(text).sort().join() === wanted.map(text).sort().join()
}

function refuseForeign(live: Service, rollout: Rollout, { revision }: Partial<Pointing>): void {
  if (revision === undefined) {
    const refusal = foreignApex(live, rollout)
    if (refusal !== undefined) throw foreignObject(refusal)
    return
  }
  if (isOurs(live, rollout)) return
  const other = live.metadata.labels?.[LABEL.rollout]
  const owner = other === undefined ? `not of Rollout ${rollout.metadata.name}` : `of Rollout ${other}`
  throw foreignObject(`Service ${live.metadata.name} exists and is ${owner}; rename or delete it`)
}
