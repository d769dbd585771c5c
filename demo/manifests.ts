import { parseAllDocuments } from 'yaml'
import {
  DEPLOYMENTS,
  DESTINATION_RULES,
  ROLLOUTS,
  SERVICES,
  VIRTUAL_SERVICES,
  type ResourceDescriptor,
} from '../crds/resources.ts'
import type { KubeObject, ObjectMeta } from '../kube/index.ts'

export type Declared = KubeObject & Record<string, unknown>
export type Manifest = { file: string; key: string; resource: ResourceDescriptor; object: Declared }
export type Complaint = { file: string; message: string }

/** The kinds that the shop's repository may declare. */
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }
const KINDS = [NAMESPACES, DEPLOYMENTS, SERVICES, VIRTUAL_SERVICES, DESTINATION_RULES, ROLLOUTS]

/** Every object of one YAML file; what is none is a complaint, and does not stand in the way of the others. */
export function readManifests(file: string, text: string): { manifests: Manifest[]; complaints: Complaint[] } {
  const manifests: Manifest[] = []
  const complaints: Complaint[] = []
  for (const document of parseAllDocuments(text)) {
    try {
      const [error] = document.errors
      if (error) throw error
      const object: unknown = document.toJS()
      if (object !== null) manifests.push(manifestOf(file, object))
    } catch (error) {
      const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
      complaints.push({ file, message })
    }
  }
  return { manifests, complaints }
}

/** Namespaces before what lives in them; else as declared. */
export const inOrder = (manifests: Manifest[]): Manifest[] =>
  manifests.toSorted((one, other) => Number(one.resource.namespaced) - Number(other.resource.namespaced))

function manifestOf(file: string, value: unknown): Manifest {
  const { apiVersion, kind, metadata } = (typeof value === 'object' ? value : {}) as Partial<Declared>
  const resource = KINDS.find((one) => one.kind === kind && versionOf(one) === apiVersion)
  if (!resource) throw new Error(`${apiVersion ?? 'no apiVersion'} ${kind ?? 'no kind'} is not applied from here`)
  const { name, namespace }: Partial<ObjectMeta> = metadata ?? {}
  if (!name) throw new Error(`a ${kind} has no metadata.name`)
  if (resource.namespaced && !namespace) throw new Error(`${kind} ${name} has no metadata.namespace`)
  return { file, key: [kind, namespace, name].filter(Boolean).join(' '), resource, object: value as Declared }
}

const versionOf = ({ group, version }: ResourceDescriptor): string => (group ? `${group}/${version}` : version)
