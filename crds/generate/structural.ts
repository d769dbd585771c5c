import type { Schema } from './openapi.ts'

/**
 * What the API server, or a person at `kubectl explain`, would not accept, as `path: sentence`. Empty when all is well.
 * The rules are those of structural schemas, and ours: a description everywhere, a bound on all that a CEL rule reads.
 */
export function faults(schema: Schema, path: string): string[] {
  const own = CHECKS.flatMap((check) => check(schema)).map((fault) => `${path}: ${fault}`)
  return [...own, ...children(schema).flatMap(([name, child]) => faults(child, `${path}${name}`))]
}

type Check = (schema: Schema) => string[]

const ALLOWED = new Set(
  (
    'type description default enum format minimum ' +
    'maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems ' +
    'maxItems maxProperties properties required items anyOf ' +
    'additionalProperties x-kubernetes-validations x-kubernetes-preserve-unknown-fields x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys'
  ).split(' '),
)

const CHECKS: Check[] = [known, typed, described, maps, exclusiveBounds, lists, bounded]

function known(schema: Schema): string[] {
  return Object.keys(schema)
    .filter((key) => !ALLOWED.has(key))
    .map((key) => `${key} is not allowed in a structural schema`)
}

function typed(schema: Schema): string[] {
  const either = schema['x-kubernetes-int-or-string'] === true
  if (either && JSON.stringify(schema['anyOf']) !== '[{"type":"integer"},{"type":"string"}]') {
    return ['int-or-string needs the bare anyOf of integer and string']
  }
  if (!either && 'anyOf' in schema) return ['anyOf is allowed for int-or-string only']
  return either || typeof schema['type'] === 'string' ? [] : ['type is missing']
}

function described(schema: Schema): string[] {
  return typeof schema['description'] === 'string' ? [] : ['description is missing']
}

function maps(schema: Schema): string[] {
  const more = schema['additionalProperties']
  if (more === undefined) return []
  if ('properties' in schema) return ['additionalProperties and properties exclude each other']
  return typeof more === 'object' ? [] : ['additionalProperties must be a schema']
}

function exclusiveBounds(schema: Schema): string[] {
  return ['exclusiveMinimum', 'exclusiveMaximum']
    .filter((key) => key in schema && typeof schema[key] !== 'boolean')
    .map((key) => `${key} must be a boolean`)
}

function lists(schema: Schema): string[] {
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as string[]
  const item = (schema['items'] ?? {}) as Schema
  const required = (item['required'] ?? []) as string[]
  const unusable = keys.filter((key) => !required.includes(key))
  return unusable.map((key) => `list map key ${key} must be required in the items`)
}

/** CEL's cost is estimated from the bounds: without one the API server refuses the whole definition. */
function bounded(schema: Schema): string[] {
  if (schema['type'] === 'array' && !('maxItems' in schema)) return ['an array needs maxItems']
  if ('additionalProperties' in schema && !('maxProperties' in schema)) return ['a map needs maxProperties']
  return schema['type'] === 'string' && !('maxLength' in schema) && !('enum' in schema)
    ? ['a string needs maxLength']
    : []
}

function children(schema: Schema): [string, Schema][] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
  const named = properties.map(([name, child]): [string, Schema] => [`.${name}`, child])
  const items = schema['items'] as Schema | undefined
  const values = schema['additionalProperties'] as Schema | false | undefined
  return [
    ...named,
    ...(items ? [['[]', items] as [string, Schema]] : []),
    ...(values ? [['{}', values] as [string, Schema]] : []),
  ]
}
