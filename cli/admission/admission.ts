import { isDeepStrictEqual } from 'node:util'
import type { ZodError } from 'zod'
import type { Schema } from '../../crds/generate/openapi.ts'
import type { RolloutSpec } from '../../crds/schema/rollout.ts'
import { nearest } from '../nearest.ts'
import { brokenRules, childrenOf, type Complaint, type Path } from './cel.ts'
import { kindOf, type KindName } from './kinds.ts'

export type Admitted = { spec: RolloutSpec } | { complaints: Complaint[] }

/** A Rollout with the defaults of the API server, or what it would refuse it for. Never throws for what a manifest says. */
export function admit(manifest: Record<string, unknown>): Admitted {
  const { spec, complaints } = examine('Rollout', manifest)
  return complaints.length > 0 ? { complaints } : { spec: spec as RolloutSpec }
}

/**
 * What the API server makes of a manifest: every mistake that can be told, from the same schema and the same rules. Rules
 * are asked where the types are right.
 */
export function examine(kind: KindName, manifest: Record<string, unknown>): { spec: unknown; complaints: Complaint[] } {
  const { spec: schema, root } = kindOf(kind)
  const declared = withoutNulls(manifest['spec'])
  const unknown = unknownFields(specIn(root), declared, ['spec'])
  const { data: spec, error } = schema.safeParse(declared)
  if (error) return { spec, complaints: [...unknown, ...complaintsOf(error)] }
  const broken = [...duplicates(specIn(root), spec, ['spec']), ...brokenRules(root, { ...manifest, spec })]
  // A rule about an object that lacks what was misspelt says the same once more.
  const isNews = ({ path }: Complaint): boolean =>
    !unknown.some((one) => isDeepStrictEqual(one.path.slice(0, -1), path))
  return { spec, complaints: [...unknown, ...broken.filter(isNews)] }
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
          .map((key) => ({ path: [...path, key], message: unknownWords(key, Object.keys(properties)) }))
      : []
  const below = childrenOf(schema, value).flatMap(([key, child, part]) => unknownFields(child, part, [...path, key]))
  return [...own, ...below]
}

function unknownWords(key: string, names: string[]): string {
  const meant = nearest(key, names)
  return `unknown field; ${meant === undefined ? '' : `did you mean ${meant}? `}here may be ${list(names)}`
}

function complaintsOf({ issues }: ZodError): Complaint[] {
  return issues.map(({ path, message }) => ({
    path: ['spec', ...(path as Path)],
    message: message.endsWith('received undefined') ? 'is required' : message.replace(/^Invalid input: /, ''),
  }))
}

const list = (words: string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
