import { FIELD_MANAGER } from '../../crds/names.ts'
import type { KubeObject, ObjectMeta } from '../../kube/index.ts'

type ManagedField = NonNullable<ObjectMeta['managedFields']>[number]

const OURS = new Set<string>([FIELD_MANAGER.objects, FIELD_MANAGER.direct])
const ofSpec = ({ fieldsV1 }: ManagedField): boolean => 'f:spec' in ((fieldsV1 as object | undefined) ?? {})

/** The newest field manager of the spec that is not ours; undefined where there is none. */
export function otherManager({ metadata }: KubeObject): string | undefined {
  const others = (metadata.managedFields ?? [])
    .filter((entry) => !OURS.has(entry.manager) && ofSpec(entry))
    .sort((a, b) => (a.time ?? '').localeCompare(b.time ?? ''))
  return others.at(-1)?.manager
}

/**
 * Field managers after we let go of the spec; undefined when we hold none of it. Without this every later change in Git
 * would be a conflict with us for whoever applies it server-side without force, although the route is at rest.
 */
export function withoutOurSpec({ metadata }: KubeObject): ManagedField[] | undefined {
  const entries = metadata.managedFields ?? []
  if (!entries.some((entry) => OURS.has(entry.manager) && ofSpec(entry))) return undefined
  return entries.flatMap((entry) => {
    if (!OURS.has(entry.manager) || !ofSpec(entry)) return entry
    const { 'f:spec': _, ...fieldsV1 } = entry.fieldsV1 as Record<string, unknown>
    return Object.keys(fieldsV1).length === 0 ? [] : { ...entry, fieldsV1 }
  })
}
