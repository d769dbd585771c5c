import { setTimeout as sleep } from 'node:timers/promises'
import { isForbidden, isInvalid, isNotFound, type Kube } from '../kube/index.ts'
import { createLookup, type Item } from './items.ts'
import { APPLY, faultsOf, judge, type Judged, type JudgeOptions } from './judge.ts'
import { Trouble, troubleOf } from './trouble.ts'

export type ApplyOptions = JudgeOptions & {
  kube: Pick<Kube, 'get' | 'apply' | 'kinds'>
  /** Before the first write. */
  onBegin: () => Promise<void>
}

/** In words, as they were done. */
export type Applied = { created: string[]; changed: string[] }

/**
 * Writes what differs, in an order in which everything finds what it needs. Nothing is written while the server refuses
 * anything; of a branch that brings its own namespaces and kinds, these come first and all the rest is judged again.
 * Throws `Trouble`.
 */
export async function applyAll(all: Judged[], options: ApplyOptions): Promise<Applied> {
  const judged = afterTheirKinds(all)
  refuse(judged)
  const applied: Applied = { created: [], changed: [] }
  const writing = judged.filter((one) => one.isLater || isToBeWritten(one))
  if (writing.length === 0) return applied
  await options.onBegin()
  const now = writing.filter((one) => !one.isLater)
  const [first, rest] = [now.filter(isFirst), now.filter((one) => !isFirst(one))]
  await write(first, options, applied)
  const later = writing.filter((one) => one.isLater).map(({ item }) => item)
  const known = later.length > 0 ? await judge(await untilKnown(later, options.kube), options) : []
  refuse(known)
  await write(
    [...rest, ...known].toSorted((one, other) => rankOf(one) - rankOf(other)),
    options,
    applied,
  )
  return applied
}

export const isToBeWritten = ({ isMissing, fields }: Judged): boolean => isMissing || fields.length > 0

function refuse(judged: Judged[]): void {
  const faults = judged.flatMap((one) => one.faults)
  if (faults.length > 0) throw troubleOf('Refused', faults)
}

/** Of a kind whose definition the branch changes the server says nothing yet that counts. */
function afterTheirKinds(judged: Judged[]): Judged[] {
  const changing = new Set(
    judged.filter((one) => isDefinition(one) && isToBeWritten(one)).map(({ item }) => kindOf(item)),
  )
  return judged.map((one) => {
    const { apiVersion, kind } = one.item.object
    const isLater = one.faults.length > 0 && changing.has(`${apiVersion.split('/')[0]} ${kind}`)
    return isLater ? { ...one, faults: [], isLater } : one
  })
}

const isDefinition = ({ item }: Judged): boolean => item.object.kind === 'CustomResourceDefinition'

function kindOf({ object }: Item): string {
  const { group, names } = object['spec'] as { group: string; names: { kind: string } }
  return `${group} ${names.kind}`
}

const isFirst = ({ item }: Judged): boolean => ['Namespace', 'CustomResourceDefinition'].includes(item.object.kind)

/** What others need comes before them, and what runs comes last. */
const RANKS = [
  ['ServiceAccount', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'Secret', 'ConfigMap'],
  ['Service', 'PersistentVolumeClaim'],
]
const LAST = ['Rollout']

function rankOf({ item: { object } }: Judged): number {
  const rank = RANKS.findIndex((kinds) => kinds.includes(object.kind))
  return rank >= 0 ? rank : LAST.includes(object.kind) ? RANKS.length + 1 : RANKS.length
}

async function write(judged: Judged[], { kube }: ApplyOptions, applied: Applied): Promise<void> {
  for (const { item, object, isMissing } of judged) {
    try {
      await kube.apply(item.resource!, object, APPLY)
    } catch (error) {
      throw isInvalid(error) || isForbidden(error) || isNotFound(error)
        ? troubleOf('ApplyFailed', faultsOf(error, item))
        : error
    }
    applied[isMissing ? 'created' : 'changed'].push(item.words)
  }
}

const KNOWN_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 250

/** A kind is served a moment after its definition was written. */
async function untilKnown(items: Item[], kube: Pick<Kube, 'kinds'>): Promise<Item[]> {
  const deadline = performance.now() + KNOWN_WITHIN_MS
  for (;;) {
    const lookUp = createLookup(kube)
    const found = await Promise.all(
      items.map(async (item) => ({ ...item, resource: item.resource ?? (await lookUp(item.object)) })),
    )
    const unknown = found.find(({ resource }) => !resource)
    if (!unknown) return found
    if (performance.now() > deadline) {
      const { apiVersion, kind } = unknown.object
      throw new Trouble('ApplyFailed', `the cluster does not serve ${kind} of ${apiVersion} yet`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}
