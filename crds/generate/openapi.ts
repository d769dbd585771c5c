import { z } from 'zod'

/** A structural schema as an OpenAPI v3 tree. */
export type Schema = { [key: string]: unknown }

/** zod → what the API server accepts as a structural schema. `io: 'input'`: an input may leave out what has a default. */
export function openapi(schema: z.ZodType): Schema {
  const { $schema: _, ...tree } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => straighten(jsonSchema as Schema),
  }) as Schema
  return tree
}

function straighten(node: Schema): void {
  if (node['type'] === 'integer') unbound(node)
  if (node['x-kubernetes-int-or-string'] === true) node['anyOf'] = [{ type: 'integer' }, { type: 'string' }]
  if (isLoose(node)) {
    delete node['additionalProperties']
    node['x-kubernetes-preserve-unknown-fields'] = true
  }
  delete node['propertyNames']
  explain(node)
}

/** `kubectl explain` shows descriptions only, so they say what else a person asks: is it built, what is the default. */
function explain(node: Schema): void {
  const rules = (node['x-kubernetes-validations'] ?? []) as { rule: string }[]
  const refused = rules.some(({ rule }) => rule === 'false') ? ['Not yet supported.'] : []
  const value = node['default']
  const preset = ['string', 'number', 'boolean'].includes(typeof value) ? [`Default: ${String(value)}.`] : []
  const said = node['description']
  if (typeof said !== 'string') return
  node['description'] = [said, ...[...preset, ...refused].filter((words) => !said.includes(words))].join(' ')
}

/** zod bounds integers by what a double can hold; a CRD that says so only looks odd. */
function unbound(node: Schema): void {
  node['format'] = 'int64'
  if (node['minimum'] === Number.MIN_SAFE_INTEGER) delete node['minimum']
  if (node['maximum'] === Number.MAX_SAFE_INTEGER) delete node['maximum']
}

function isLoose(node: Schema): boolean {
  const more = node['additionalProperties']
  return typeof more === 'object' && more !== null && Object.keys(more).length === 0
}
