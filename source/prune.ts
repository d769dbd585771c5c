import { APPLIED_BY, FIELD_MANAGER, PRUNE } from '../crds/names.ts'
import { describeError, type Kube, type KubeObject } from '../kube/index.ts'
import { createLookup, keyOf, wordsOfObject } from './items.ts'
import type { Entry } from './provenance.ts'

export type PruneOptions = {
  kube: Pick<Kube, 'get' | 'delete' | 'kinds'>
  /** `namespace/name` of the Source. */
  source: string
  before: Entry[]
  /** What is declared now. */
  now: Entry[]
}

/** In words: what was deleted, what stays and why. `failed` stays in the inventory, to be tried again. */
export type Pruned = { deleted: string[]; left: string[]; failed: { entry: Entry; words: string }[] }

/**
 * Deletes what this Source applied before and the branch no longer declares, the last first. What others have a part in
 * stays, and so does what would take all that is in it along.
 */
export async function prune({ kube, source, before, now }: PruneOptions): Promise<Pruned> {
  const declared = new Set(now.map(keyOf))
  const lookUp = createLookup(kube)
  const pruned: Pruned = { deleted: [], left: [], failed: [] }
  for (const entry of before.filter((one) => !declared.has(keyOf(one))).toReversed()) {
    const words = wordsOfObject(entry)
    try {
      const resource = await lookUp(entry)
      const { namespace, name } = entry
      const ref = resource && { resource, name, ...(namespace === undefined ? {} : { namespace }) }
      const live = ref && (await kube.get(ref))
      if (!ref || !live || live.metadata.deletionTimestamp) continue
      const reason = whyKept(live, source)
      if (reason === undefined) {
        const { uid } = live.metadata
        await kube.delete(ref, { propagation: 'Background', ...(uid === undefined ? {} : { uid }) })
        pruned.deleted.push(words)
      } else pruned.left.push(`${words} (${reason})`)
    } catch (error) {
      pruned.failed.push({ entry, words: `${words}: ${describeError(error)}` })
    }
  }
  return pruned
}

const TAKES_ALONG = ['Namespace', 'CustomResourceDefinition']

function whyKept({ kind, metadata }: KubeObject, source: string): string | undefined {
  const { annotations = {}, ownerReferences = [], managedFields = [] } = metadata
  if (annotations[APPLIED_BY] !== source) return 'somebody else applies it'
  if (annotations[PRUNE] === 'disabled') return `${PRUNE}: disabled`
  if (TAKES_ALONG.includes(kind)) return 'it would take all that is in it along'
  const [owner] = ownerReferences
  if (owner) return `${owner.kind} ${owner.name} owns it`
  const other = managedFields.find(isOtherApplier)
  return other && `${other.manager} applies it, too`
}

/** Our own engine applies some fields of what it works on. */
const isOtherApplier = ({
  manager,
  operation,
  subresource,
}: {
  manager: string
  operation: string
  subresource?: string
}) =>
  operation === 'Apply' && subresource === undefined && !(Object.values(FIELD_MANAGER) as string[]).includes(manager)
