import { FIELD_MANAGER } from '../crds/names.ts'
import type { KubeObject, ObjectMeta } from '../kube/index.ts'

type ManagedField = NonNullable<ObjectMeta['managedFields']>[number]

const OURS = new Set<string>([FIELD_MANAGER.objects, FIELD_MANAGER.adoption])
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** It writes what its chart says whenever it upgrades, whatever was changed meanwhile. */
const HELM = 'helm'

/**
 * Who is going to write `spec.replicas` again: a server-side applier that owns it, kubectl where its own record of the
 * manifest has it, or Helm. Undefined when a change of it stays. People and autoscalers write once, and are no appliers.
 */
export function applierOfReplicas({ metadata }: KubeObject): string | undefined {
  const others = (metadata.managedFields ?? []).filter((entry) => !OURS.has(entry.manager) && owns(entry, 'f:replicas'))
  const applier = others.find(({ operation }) => operation === 'Apply')
  if (applier) return applier.manager
  if (hasReplicas(metadata.annotations?.[LAST_APPLIED])) return 'kubectl-client-side-apply'
  return others.find(({ manager }) => manager === HELM)?.manager
}

/** Who wrote this field of the spec last, ourselves apart. */
export function lastWriterOf({ metadata }: KubeObject, field: 'f:replicas' | 'f:selector'): string {
  const others = (metadata.managedFields ?? []).filter((entry) => !OURS.has(entry.manager) && owns(entry, field))
  return others.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0]?.manager ?? 'unknown'
}

/** Field managers after we let go of the spec: the values stay, and are nobody's but their other owners'. */
export function withoutOurs({ metadata }: KubeObject): (ManagedField | object)[] | undefined {
  const entries = metadata.managedFields ?? []
  const kept = entries.filter((entry) => !OURS.has(entry.manager) || !ofSpec(entry))
  if (kept.length === entries.length) return undefined
  // An empty list changes nothing; one empty entry says that nobody owns anything.
  return kept.length === 0 ? [{}] : kept
}

const ofSpec = ({ fieldsV1 }: ManagedField): boolean => 'f:spec' in ((fieldsV1 as object | undefined) ?? {})

function owns({ fieldsV1 }: ManagedField, field: string): boolean {
  const { 'f:spec': spec } = (fieldsV1 as { 'f:spec'?: object } | undefined) ?? {}
  return field in (spec ?? {})
}

function hasReplicas(applied: string | undefined): boolean {
  if (applied === undefined) return false
  try {
    const { spec } = JSON.parse(applied) as { spec?: { replicas?: number } }
    return spec?.replicas !== undefined
  } catch {
    return false // damaged by hand: kubectl cannot go by it either
  }
}
