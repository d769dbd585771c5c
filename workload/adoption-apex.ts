import { ADOPTED_BY, FIELD_MANAGER, LABEL } from '../crds/names.ts'
import { SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Kube, Ref } from '../kube/index.ts'
import { withoutOurs } from './adoption-fields.ts'
import { untilNoConflict } from './conflict.ts'
import { namespaceOf } from './identity.ts'
import type { Service } from './objects.ts'
import { foreignObject } from './ownership.ts'

type Door = Pick<Kube, 'get' | 'mergePatch'>

/** The one key that the apex's selector has more than in Git; its value is the revision that serves. */
export const keyOfApex = (service: Service | undefined): Revision | undefined =>
  service?.spec.selector?.[LABEL.revision]

export const readApex = (kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<Service | undefined> =>
  kube.get<Service>(apexOf(rollout))

/** Everything else of the user's Service stays. Throws a `ForeignObject` where there is none. */
export async function keyApex(kube: Kube, rollout: Rollout, stable: Revision): Promise<void> {
  await untilNoConflict(async () => {
    const live = await readApex(kube, rollout)
    if (!live) throw foreignObject(missingApex(rollout))
    const { resourceVersion, annotations } = live.metadata
    const adoptedBy = rollout.metadata.name
    if (keyOfApex(live) === stable && annotations?.[ADOPTED_BY] === adoptedBy) return
    const metadata = { resourceVersion, annotations: { [ADOPTED_BY]: adoptedBy } }
    const patch = { metadata, spec: { selector: { [LABEL.revision]: stable } } }
    await kube.mergePatch(apexOf(rollout), patch, { fieldManager: FIELD_MANAGER.objects })
  })
}

/** The Service reads as in Git, and nothing of it is ours. */
export async function freeApex(kube: Door, rollout: Rollout): Promise<void> {
  await changeApex(kube, rollout, (live) =>
    keyOfApex(live) === undefined ? undefined : { spec: { selector: { [LABEL.revision]: null } } },
  )
  await unmarkApex(kube, rollout)
}

/** Nothing of the Service is ours any more, whomever it selects. */
export async function unmarkApex(kube: Door, rollout: Rollout): Promise<void> {
  // Not in one patch with the selector: whoever changes a field owns it.
  await changeApex(kube, rollout, (live) => {
    const managedFields = withoutOurs(live)
    const isMarked = live.metadata.annotations?.[ADOPTED_BY] === rollout.metadata.name
    if (!managedFields && !isMarked) return undefined
    const annotations = isMarked ? { annotations: { [ADOPTED_BY]: null } } : {}
    return { metadata: { ...annotations, ...(managedFields ? { managedFields } : {}) } }
  })
}

type Change = { metadata?: Record<string, unknown>; spec?: Record<string, unknown> }

async function changeApex(
  kube: Door,
  rollout: Rollout,
  changeOf: (live: Service) => Change | undefined,
): Promise<void> {
  await untilNoConflict(async () => {
    const live = await readApex(kube, rollout)
    const change = live && changeOf(live)
    if (!change) return
    const { resourceVersion } = live.metadata
    const patch = { ...change, metadata: { ...change.metadata, resourceVersion } }
    await kube.mergePatch(apexOf(rollout), patch, { fieldManager: FIELD_MANAGER.objects })
  })
}

export const missingApex = ({ metadata, spec }: Rollout): string =>
  `spec.service.name: there is no Service ${spec.service.name} in namespace ${metadata.namespace}; create it or name another`

const apexOf = (rollout: Rollout): Ref => ({
  resource: SERVICES,
  namespace: namespaceOf(rollout),
  name: rollout.spec.service.name,
})
