import type { z } from 'zod'
import { GROUP, VERSION } from '../names.ts'
import { CHANNELS, DECISIONS, FREEZES, RELEASES, ROLLOUTS, SOURCES, type ResourceDescriptor } from '../resources.ts'
import { channelSpec } from '../schema/channel.ts'
import { sourceSpec, sourceStatus } from '../schema/source.ts'
import { decisionSpec, decisionStatus } from '../schema/decision.ts'
import { freezeSpec } from '../schema/freeze.ts'
import { releaseSpec, releaseStatus } from '../schema/release.ts'
import { rolloutSpec, rolloutStatus } from '../schema/rollout.ts'
import {
  channelColumns,
  decisionColumns,
  freezeColumns,
  releaseColumns,
  rolloutColumns,
  sourceColumns,
  type Column,
} from './columns.ts'
import { openapi, type Schema } from './openapi.ts'
import { faults } from './structural.ts'

export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] }
}

/** Every CustomResourceDefinition, by file name in `deploy/crds/`. Throws when one is not structural. */
export const manifests = (): Record<string, Manifest> => ({
  'rollouts.yaml': manifest({
    resource: ROLLOUTS,
    shortNames: ['slr'],
    description: 'A Rollout says what to run, what to watch and how a new version is brought to its users.',
    spec: rolloutSpec,
    status: rolloutStatus,
    columns: rolloutColumns,
    rules: [nameRule(45, 'it becomes part of the names of Deployments and Services')],
    scale: true,
  }),
  'releases.yaml': manifest({
    resource: RELEASES,
    shortNames: ['slrel'],
    description: 'A Release is the public record of one revision on its way to its users. The engine writes it.',
    spec: releaseSpec,
    status: releaseStatus,
    columns: releaseColumns,
  }),
  'decisions.yaml': manifest({
    resource: DECISIONS,
    shortNames: ['sldec'],
    description: "A Decision is a person's word about one release. People create it, the engine never does.",
    spec: decisionSpec,
    status: decisionStatus,
    columns: decisionColumns,
  }),
  'sources.yaml': manifest({
    resource: SOURCES,
    shortNames: ['slsrc'],
    description: 'A Source says which branch of which Git repository is applied to the cluster.',
    spec: sourceSpec,
    status: sourceStatus,
    columns: sourceColumns,
  }),
  'channels.yaml': manifest(channel),
  'freezes.yaml': freezes(),
})

const freezes = (): Manifest =>
  manifest({
    resource: FREEZES,
    shortNames: ['slfrz'],
    description: 'A Freeze keeps releases from going forward, or limits how many of them go forward at once.',
    spec: freezeSpec,
    columns: freezeColumns,
  })

type Definition = {
  resource: ResourceDescriptor
  shortNames: string[]
  description: string
  spec: z.ZodType
  /** Absent where nobody has anything to say about it. */
  status?: z.ZodType
  columns: Column[]
  rules?: Schema[]
  scale?: boolean
}

const channel: Definition = {
  resource: CHANNELS,
  shortNames: ['slch'],
  description: 'A Channel says where people are told what becomes of releases.',
  spec: channelSpec,
  columns: channelColumns,
}

function manifest(definition: Definition): Manifest {
  const { resource, shortNames } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        shortNames,
        categories: ['sluice'],
      },
      versions: [version(definition)],
    },
  } as Manifest
}

const version = ({ columns, scale, ...definition }: Definition) => ({
  name: VERSION,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: root(definition) },
  subresources: { ...(definition.status ? { status: {} } : {}), ...(scale ? { scale: SCALE } : {}) },
  additionalPrinterColumns: columns,
})

const SCALE = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
}

const root = ({ description, spec, status, rules }: Omit<Definition, 'columns' | 'scale'>): Schema => ({
  type: 'object',
  description,
  required: ['spec'],
  ...(rules ? { 'x-kubernetes-validations': rules } : {}),
  properties: {
    apiVersion: { type: 'string', description: 'Version of this schema.' },
    kind: { type: 'string', description: 'Kind of this object.' },
    metadata: { type: 'object', properties: { name: { type: 'string' } } },
    spec: sound(openapi(spec), 'spec'),
    ...(status ? { status: sound(openapi(status), 'status') } : {}),
  },
})

/** Nothing is written that the API server would refuse. */
function sound(schema: Schema, path: string): Schema {
  const found = faults(schema, path)
  if (found.length > 0) throw new Error(found.join('\n'))
  return schema
}

const nameRule = (limit: number, why: string): Schema => ({
  fieldPath: '.metadata.name',
  rule: `self.metadata.name.size() <= ${limit} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
  message: `the name must have at most ${limit} characters, lower case letters, digits and dashes, and begin with a letter: ${why}`,
})
