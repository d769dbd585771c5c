import { createHash } from 'node:crypto'
import { PROVENANCE } from '../crds/names.ts'
import type { SourceStatus } from '../crds/schema/source.ts'
import type { Commit } from './clone.ts'
import { identityOf, keyOf, type Item } from './items.ts'
import type { Declared } from './manifests.ts'

export type Entry = NonNullable<SourceStatus['inventory']>[number]

type Origin = { digest: string; commit: string; author: string; message: string }

/**
 * The items with who declared what their Rollouts run, and the inventory that remembers it. A Rollout keeps its commit
 * while nothing changes of what decides its revision: itself, the Deployment it names, the ConfigMaps its pods read.
 */
export function withProvenance(
  items: Item[],
  inventory: Entry[],
  { hash, author, message }: Commit,
): { items: Item[]; inventory: Entry[] } {
  const known = new Map(inventory.map((entry) => [keyOf(entry), entry]))
  const origins = new Map<Item, Origin>()
  for (const item of items.filter(({ object }) => object.kind === 'Rollout')) {
    const parts = partsOf(item, items)
    const digest = digestOf([item, ...parts])
    const before = known.get(item.key)
    const origin =
      before?.digest === digest && before.commit
        ? { digest, commit: before.commit, author: before.author ?? '', message: before.message ?? '' }
        : { digest, commit: hash, author, message }
    for (const part of [item, ...parts.filter(({ object }) => object.kind === 'Deployment')]) origins.set(part, origin)
  }
  return {
    items: items.map((item) => {
      const origin = origins.get(item)
      return origin ? { ...item, object: annotated(item.object, origin) } : item
    }),
    inventory: items.map((item) => ({ ...identityOf(item.object), ...(isRollout(item) ? origins.get(item) : {}) })),
  }
}

const isRollout = ({ object }: Item): boolean => object.kind === 'Rollout'

type Spec = { workloadRef?: { kind?: string; name?: string }; template?: unknown }
const specOf = ({ object }: Item): Spec => (object as { spec?: Spec }).spec ?? {}

function partsOf(rollout: Item, items: Item[]): Item[] {
  const near = items.filter(({ object }) => object.metadata.namespace === rollout.object.metadata.namespace)
  const named = (kind: string, name: string | undefined): Item[] =>
    near.filter(({ object }) => object.kind === kind && object.metadata.name === name)
  const { workloadRef, template } = specOf(rollout)
  const deployments = named('Deployment', workloadRef?.name)
  const templates = [template, ...deployments.map((one) => specOf(one).template)]
  const configs = new Set(templates.flatMap((one) => configMapsOf(one)))
  return [...deployments, ...[...configs].flatMap((name) => named('ConfigMap', name))]
}

/** Names under `configMap`, `configMapRef` and `configMapKeyRef`, wherever they are. */
function configMapsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = (inner as { name?: unknown } | null)?.name
    return [...(key.startsWith('configMap') && typeof name === 'string' ? [name] : []), ...configMapsOf(inner)]
  })
}

/** Not of Secrets: whoever reads the status could try guesses against it. */
const digestOf = (items: Item[]): string =>
  createHash('sha256')
    .update(JSON.stringify(items.map(({ object }) => object)))
    .digest('hex')
    .slice(0, 32)

function annotated(object: Declared, { commit, author, message }: Origin): Declared {
  const said = { [PROVENANCE.commit]: commit, [PROVENANCE.author]: author, [PROVENANCE.message]: message }
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...said } } }
}
