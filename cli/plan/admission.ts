import type { ZodError } from 'zod'
import { manifests } from '../../crds/generate/manifest.ts'
import type { Schema } from '../../crds/generate/openapi.ts'
import { rolloutSpec, type RolloutSpec } from '../../crds/schema/rollout.ts'
import { brokenRules, childrenOf, type Complaint, type Path } from './cel.ts'

export type Admitted = { spec: RolloutSpec } | { complaints: Complaint[] }

/**
 * What the API server makes of a manifest: its defaults filled in, or what it would refuse it for. It reads the same
 * schema and asks the same rules. Never throws for what a manifest says.
 */
export function admit(manifest: Record<string, unknown>): Admitted {
  const root = schemaOfRollouts()
  const declared = withoutNulls(manifest['spec'])
  const unknown = unknownFields(specIn(root), declared, ['spec'])
  if (unknown.length > 0) return { complaints: unknown }
  const { data: spec, error } = rolloutSpec.safeParse(declared)
  if (error) return { complaints: complaintsOf(error) }
  const broken = [...duplicates(specIn(root), spec, ['spec']), ...brokenRules(root, { ...manifest, spec })]
  return broken.length > 0 ? { complaints: broken } : { spec }
}

let known: Schema | undefined

/** With what the rules about the name look at. */
function schemaOfRollouts(): Schema {
  if (known) return known
  const root = manifests()['rollouts.yaml']?.spec.versions[0]?.schema.openAPIV3Schema ?? {}
  const metadata = { type: 'object', properties: { name: { type: 'string' } } }
  known = { ...root, properties: { ...(root['properties'] as object), metadata } }
  return known
}

const specIn = (root: Schema): Schema => (root['properties'] as { spec: Schema }).spec

/** A field without a value is a field that is not there. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? {}), (_key, part: unknown) => part ?? undefined)

function duplicates(schema: Schema, value: unknown, path: Path): Complaint[] {
  const keys = schema['x-kubernetes-list-map-keys'] as string[] | undefined
  const isSet = keys !== undefined || schema['x-kubernetes-list-type'] === 'set'
  const nameOf = (entry: unknown): string =>
    JSON.stringify(keys ? keys.map((key) => (entry as Record<string, unknown>)[key]) : entry)
  const names = isSet && Array.isArray(value) ? value.map(nameOf) : []
  const own = names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [...path, index], message: 'is named twice; remove one of them' }] : [],
  )
  return [...own, ...childrenOf(schema, value).flatMap(([key, child, part]) => duplicates(child, part, [...path, key]))]
}

function unknownFields(schema: Schema, value: unknown, path: Path): Complaint[] {
  const properties = schema['properties'] as object | undefined
  const isClosed = properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const own =
    isClosed && isObject
      ? Object.keys(value)
          .filter((key) => !(key in properties))
          .map((key) => ({
            path: [...path, key],
            message: `unknown field; here may be ${list(Object.keys(properties))}`,
          }))
      : []
  const below = childrenOf(schema, value).flatMap(([key, child, part]) => unknownFields(child, part, [...path, key]))
  return [...own, ...below]
}

function complaintsOf({ issues }: ZodError): Complaint[] {
  return issues.map(({ path, message }) => ({
    path: ['spec', ...(path as Path)],
    message: message.endsWith('received undefined') ? 'is required' : message.replace(/^Invalid input: /, ''),
  }))
}

const list = (words: string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
