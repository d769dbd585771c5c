import { LABEL } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'

/** Somebody else's object has a name that is needed. Nothing was written to it, and no retry mends that. */
export function foreignObject(message: string): Error {
  const error = new Error(message)
  error.name = 'ForeignObject'
  return error
}

/**
 * Why the Service that has the apex's name is none of this Rollout's, with the remedy; undefined when it is: made for it,
 * or given to it by the label.
 */
export function foreignApex(live: KubeObject, rollout: Rollout): string | undefined {
  const { name } = rollout.metadata
  const service = live.metadata.name
  const { [LABEL.rollout]: labelled, [LABEL.revision]: revision } = live.metadata.labels ?? {}
  if (labelled === name && revision === undefined) return undefined
  const remedies = [
    'choose another name in spec.service.name',
    'delete the Service',
    `give it to the Rollout, which then sets its selector and ports and takes it along when it is deleted: kubectl label service ${service} --overwrite ${LABEL.rollout}=${name}`,
  ]
  return `spec.service.name: Service ${service} exists and ${ownerOf(live)}, so nothing is written to it; ${remedies.join(', or ')}`
}

function ownerOf({ metadata }: KubeObject): string {
  const { [LABEL.rollout]: rollout, [LABEL.revision]: revision } = metadata.labels ?? {}
  if (rollout !== undefined)
    return `is of ${revision === undefined ? '' : `revision ${revision} of `}Rollout ${rollout}`
  const [owner] = (metadata.ownerReferences ?? []).toSorted((a, b) => Number(!!b.controller) - Number(!!a.controller))
  if (owner) return `belongs to ${owner.kind} ${owner.name}`
  const managers = (metadata.managedFields ?? []).filter(({ fieldsV1 }) => 'f:spec' in ((fieldsV1 as object) ?? {}))
  const [last] = managers.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))
  return `was made by somebody else${last ? ` (field manager ${last.manager})` : ''}`
}
