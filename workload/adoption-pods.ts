import type { PodTemplate } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'

export type Claim = KubeObject & { spec?: { accessModes?: string[] } }

/** By name, in the namespace of the pods; undefined where there is none. */
export type ClaimLookup = (name: string) => Claim | undefined

/** Why pods of two revisions cannot run beside each other, with the remedy; `field` is where they are declared. */
export function problemOfPods(template: PodTemplate, field: string): string | undefined {
  const { hostNetwork, initContainers, containers } = template.spec as PodSpec
  const all = [...(initContainers ?? []), ...containers]
  for (const { name, ports = [] } of all) {
    const bound = ports.find(({ hostPort }) => hostNetwork === true || (hostPort ?? 0) > 0)
    if (!bound) continue
    const port = bound.hostPort ?? bound.containerPort
    return `${field}: container ${name} takes port ${port} of its node (${hostNetwork ? 'hostNetwork' : 'hostPort'}), which pods of two revisions cannot share; reach it through a Service instead`
  }
  return undefined
}

/** Names of the claims that all pods of the template share. */
export const claimsOf = ({ spec }: PodTemplate): string[] =>
  ((spec as PodSpec).volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])

/** Why a volume keeps pods of two revisions apart, with the remedy. */
export function problemOfVolumes(template: PodTemplate, field: string, claim: ClaimLookup): string | undefined {
  for (const name of claimsOf(template)) {
    const modes = claim(name)?.spec?.accessModes ?? []
    if (modes.length === 0 || modes.some((mode) => SHARED.has(mode))) continue
    return `${field}: PersistentVolumeClaim ${name} is ${modes.join(', ')}, so pods of two revisions cannot both have it; use a volume with ReadWriteMany, or an ephemeral one for each pod`
  }
  return undefined
}

const SHARED = new Set(['ReadWriteMany', 'ReadOnlyMany'])

type Container = { name: string; ports?: { containerPort: number; hostPort?: number }[] }

/** The fields of a pod spec that are read here. */
type PodSpec = {
  hostNetwork?: boolean
  initContainers?: Container[]
  containers: Container[]
  volumes?: { persistentVolumeClaim?: { claimName?: string } }[]
}
