import { expect, it } from 'vitest'
import { z } from 'zod'
import { manifests } from '../../crds/generate/manifest.ts'
import { openapi, type Schema } from '../../crds/generate/openapi.ts'
import { faults } from '../../crds/generate/structural.ts'

const part = (file: string, name: 'spec' | 'status'): Schema => {
  const root = manifests()[file]!.spec.versions[0]!.schema.openAPIV3Schema
  return (root['properties'] as Record<string, Schema>)[name]!
}

it('is structural, described and bounded everywhere', () => {
  expect(Object.keys(manifests())).toEqual([
    'rollouts.yaml',
    'releases.yaml',
    'decisions.yaml',
    'sources.yaml',
    'channels.yaml',
    'freezes.yaml',
  ])
})

it.each([
  ['strictObject', z.strictObject({}), 'additionalProperties and properties exclude each other'],
  ['discriminatedUnion', z.discriminatedUnion('k', [z.object({ k: z.literal('a') })]), 'oneOf is not allowed'],
  ['tuple', z.tuple([z.string()]), 'anyOf is allowed for int-or-string only'],
  ['regex', z.string().regex(/^a$/), 'pattern is not allowed'],
  ['unknown', z.object({ a: z.unknown() }), 'type is missing'],
  ['an unbounded string', z.string(), 'a string needs maxLength'],
  ['an unbounded map', z.record(z.string(), z.string()), 'a map needs maxProperties'],
])('a schema with %s is found', (_name, schema, fault) => {
  expect(faults(openapi(schema), 'x').join('\n')).toContain(fault)
})

it('keeps what the API server must not read', () => {
  const loose = openapi(z.looseObject({ a: z.string() }))
  expect(loose).toMatchObject({ 'x-kubernetes-preserve-unknown-fields': true })
  expect(loose).not.toHaveProperty('additionalProperties')
})

it('publishes the defaults that the schema fills in', () => {
  const properties = part('rollouts.yaml', 'spec')['properties'] as Record<string, Schema>
  expect(properties['replicas']).toMatchObject({ default: 1 })
  expect(properties['bake']).toMatchObject({ default: {} })
  expect(part('rollouts.yaml', 'spec')['required']).toEqual(['service', 'router', 'strategy'])
})

it('is scaled through the Rollout, so that autoscalers point at it', () => {
  expect(manifests()['rollouts.yaml']!.spec.versions[0]).toMatchObject({
    subresources: {
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
  })
})
