import { APPLIED_BY, FIELD_MANAGER } from '../crds/names.ts'
import {
  causesOf,
  describeError,
  isForbidden,
  isInvalid,
  isNotFound,
  type Kube,
  type KubeObject,
} from '../kube/index.ts'
import { differences } from './differences.ts'
import { withHeld } from './held.ts'
import type { Item } from './items.ts'
import type { Declared } from './manifests.ts'
import { inParallel } from './parallel.ts'
import type { Fault } from './trouble.ts'

export const APPLY = { fieldManager: FIELD_MANAGER.source, force: true }

/** What the server says to an item before anything is written. */
export type Judged = {
  item: Item
  /** What would be sent. */
  object: Declared
  isMissing: boolean
  /** Paths that would change. */
  fields: string[]
  faults: Fault[]
  /** Its namespace or its kind is made by the branch itself: it can be judged when they are there. */
  isLater?: boolean
}

export type JudgeOptions = {
  kube: Pick<Kube, 'get' | 'apply'>
  /** `namespace/name` of the Source. */
  source: string
  /** Another Source of this key is there and has this in its inventory. */
  isTaken: (source: string, item: Item) => boolean
}

/** Asks the server what it would make of every item; nothing is written. Throws when the server does not answer. */
export async function judge(items: Item[], options: JudgeOptions): Promise<Judged[]> {
  const namespaces = new Set(items.flatMap(({ object }) => (object.kind === 'Namespace' ? [object.metadata.name] : [])))
  return inParallel(items, async (item) => {
    const blank = { item, object: item.object, isMissing: true, fields: [], faults: [] }
    if (!item.resource) return { ...blank, isLater: true }
    try {
      return await judgeOne(item, options)
    } catch (error) {
      const { namespace = '' } = item.object.metadata
      if (isNotFound(error) && namespaces.has(namespace)) return { ...blank, isLater: true }
      return { ...blank, faults: faultsOf(error, item) }
    }
  })
}

const ATTEMPTS = 3

async function judgeOne(item: Item, { kube, source, isTaken }: JudgeOptions): Promise<Judged> {
  const resource = item.resource!
  const { namespace, name } = item.object.metadata
  const ref = { resource, name, ...(namespace === undefined ? {} : { namespace }) }
  for (let attempt = 1; ; attempt += 1) {
    const live = await kube.get(ref)
    const owner = live?.metadata.annotations?.[APPLIED_BY]
    if (owner !== undefined && owner !== source && isTaken(owner, item)) {
      const fault = { ...item.place(), message: `${item.words} is what Source ${owner} applies` }
      return { item, object: item.object, isMissing: false, fields: [], faults: [fault] }
    }
    const object = withHeld(item.object, live)
    const wanted = await kube.apply<KubeObject>(resource, object, { ...APPLY, dryRun: true })
    if (!live) return { item, object, isMissing: true, fields: [], faults: [] }
    // Somebody wrote between the two answers: what differs would be theirs.
    const isSame = wanted.metadata.resourceVersion === live.metadata.resourceVersion
    if (isSame || attempt === ATTEMPTS) {
      return { item, object, isMissing: false, fields: differences(live, wanted), faults: [] }
    }
  }
}

/** What the server refuses is wrong in the repository; throws what is wrong with the server. */
export function faultsOf(error: unknown, item: Item): Fault[] {
  // One field may be said to be wrong twice, by the schema and by a rule.
  const causes = new Map(
    causesOf(error)
      .toReversed()
      .map(({ field, message }) => [field.replace(/^\./, ''), message]),
  )
  if (causes.size > 0) {
    return [...causes].toReversed().map(([field, message]) => ({
      ...item.place(field),
      message: `${item.words}: ${field}: ${message}`.slice(0, 1_000),
    }))
  }
  if (!isInvalid(error) && !isForbidden(error) && !isNotFound(error)) throw error
  return [{ ...item.place(), message: `${item.words}: ${describeError(error)}` }]
}
