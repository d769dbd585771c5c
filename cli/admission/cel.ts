import { Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js'
import type { Schema } from '../../crds/generate/openapi.ts'

/** A field and what is wrong with it. */
export type Complaint = { path: Path; message: string }
export type Path = (string | number)[]

/** What the CEL rules of a schema say about a value that has its types and defaults: sentences, outermost first. */
export function brokenRules(schema: Schema, value: unknown, path: Path = []): Complaint[] {
  if (value === undefined || value === null) return []
  const rules = rulesOf(schema).filter(({ rule }) => !isAboutChange(rule))
  const self = rules.length > 0 ? asCel(schema, value) : undefined
  const own = rules
    .filter(({ rule }) => !holds(rule, self))
    .map(({ message, fieldPath }) => ({ path: [...path, ...(fieldPath?.split('.').filter(Boolean) ?? [])], message }))
  return [
    ...own,
    ...childrenOf(schema, value).flatMap(([key, child, part]) => brokenRules(child, part, [...path, key])),
  ]
}

/** What it was before is known to the API server only. */
const isAboutChange = (rule: string): boolean => /\boldSelf\b/.test(rule)

/** Of a rule that cannot be asked the API server says the same: it refuses. */
function holds(rule: string, self: unknown): boolean {
  try {
    return parsed(rule)({ self }) === true
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}

const known = new Map<string, ParseResult>()

function parsed(rule: string): ParseResult {
  const found = known.get(rule) ?? environment.parse(rule)
  known.set(rule, found)
  return found
}

/** Parts of a value that a schema describes. */
export function childrenOf(schema: Schema, value: unknown): [key: string | number, schema: Schema, part: unknown][] {
  const { properties = {}, additionalProperties: rest, items } = schema as Described
  if (Array.isArray(value)) return items ? value.map((part, index) => [index, items, part]) : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => {
    const child = properties[key] ?? rest
    return child ? [[key, child, part] as [string, Schema, unknown]] : []
  })
}

type Described = { properties?: Record<string, Schema>; additionalProperties?: Schema; items?: Schema }
type Rule = { rule: string; message: string; fieldPath?: string }

const rulesOf = (schema: Schema): Rule[] => (schema['x-kubernetes-validations'] ?? []) as Rule[]

/** Functions of lists that Kubernetes adds to CEL. */
const environment = new Environment({ homogeneousAggregateLiterals: false })
  .registerVariable('self', 'dyn')
  .registerFunction('list.isSorted(): bool', (list: unknown[]) =>
    list.every((one, index) => index === 0 || (list[index - 1] as bigint) <= (one as bigint)),
  )
  .registerFunction('list.indexOf(dyn): int', (list: unknown[], wanted: unknown) => BigInt(list.indexOf(wanted)))
  .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], wanted: unknown) =>
    BigInt(list.lastIndexOf(wanted)),
  )

/** Words that CEL keeps for itself; the API server lets rules name such fields between underscores, too. */
const RESERVED = new Set(['for', 'namespace'])

/** As the API server shows it to rules: integers are integers, and what no schema describes is not there. */
function asCel(schema: Schema, value: unknown): unknown {
  if (schema['type'] === 'integer' && typeof value === 'number') return BigInt(value)
  const parts = childrenOf(schema, value).map(([key, child, part]) => [key, asCel(child, part)] as const)
  if (Array.isArray(value)) return schema['items'] ? parts.map(([, part]) => part) : value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    parts.flatMap(([key, part]) => [[key, part], ...(RESERVED.has(String(key)) ? [[`__${key}__`, part]] : [])]),
  )
}
