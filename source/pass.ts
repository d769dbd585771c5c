import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SECRETS } from '../crds/resources.ts'
import type { Source } from '../crds/schema/source.ts'
import { describeError, type Kube } from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import type { Access } from './access.ts'
import { applyAll, isToBeWritten, type Applied } from './apply.ts'
import { build } from './build.ts'
import { checkOut, type Checkout, type Commit } from './clone.ts'
import { credentialsOf, type Credentials, type Secret } from './credentials.ts'
import { itemsOf, keyOf, type Item } from './items.ts'
import { judge, type Judged } from './judge.ts'
import type { Kustomize } from './kustomize.ts'
import { prune, type Pruned } from './prune.ts'
import { withProvenance, type Entry } from './provenance.ts'
import { timeOf, type Drift, type Outcome } from './status.ts'
import { Trouble } from './trouble.ts'

export type PassDeps = {
  access: Access
  reach: Reach
  /** A directory of this Source alone. */
  directory: string
  /** What the last look found there. */
  kept: { checkout?: Checkout }
  limitBytes: number
  /** Where repositories may be that are named by file://. */
  files?: string
  kustomize: () => Promise<Kustomize>
  isTaken: (source: string, item: Item) => boolean
  /** Puts an inventory into the status, before what is new in it is written. */
  remember: (inventory: Entry[]) => Promise<void>
  now: () => number
  signal: AbortSignal
}

/** What was done, besides the outcome. */
export type Done = Applied & Pruned & { putBack: string[] }
export type Passed = { outcome: Outcome; done?: Done }

/** One look at a branch: everything that there is to do is done, or nothing. Never rejects. */
export async function pass(source: Source, deps: PassDeps): Promise<Passed> {
  const state: State = { source, deps, inventory: source.status?.inventory ?? [] }
  try {
    return await lookAndApply(state)
  } catch (error) {
    const trouble = error instanceof Trouble ? error : new Trouble('ApplyFailed', describeError(error))
    const { commit, inventory } = state
    const about = commit ? `${commit.hash.slice(0, 10)} by ${commit.author} is not applied: ` : ''
    const drift = source.status?.drift ?? []
    const message = `${about}${trouble.message}`
    return {
      outcome: { isApplied: false, trouble, inventory, drift, message, ...(commit ? { attempted: commit } : {}) },
    }
  }
}

type State = { source: Source; deps: PassDeps; commit?: Commit; inventory: Entry[] }

async function lookAndApply(state: State): Promise<Passed> {
  const { source, deps } = state
  const { namespace = '', name } = source.metadata
  const kube = await deps.access({ namespace, name: source.spec.serviceAccountName })
  const checkout = await fetched(source, kube, deps)
  state.commit = checkout.commit
  const wanted = await declared(state, checkout, kube)
  const asking = { kube, source: `${namespace}/${name}`, isTaken: deps.isTaken }
  const judged = await judge(wanted.items, asking)
  const isNew = isNews(source, checkout.commit)
  const seen = new Set(source.status?.drift?.map(({ object }) => object))
  const due = judged.filter((one) => isNew || seen.has(one.item.words) || one.faults.length > 0)
  deps.signal.throwIfAborted()
  const before = state.inventory
  const onBegin = async (): Promise<void> => {
    state.inventory = union(before, wanted.inventory)
    await deps.remember(state.inventory)
  }
  const applied = await applyAll(due, { ...asking, kube, onBegin })
  const pruned = await pruneIn(state, { kube, before, now: wanted.inventory })
  const drifted = judged.filter((one) => !isNew && (isToBeWritten(one) || one.isLater) && !seen.has(one.item.words))
  const drift = drifted.map((one) => driftOf(one, deps.now()))
  const message = sentence(checkout.commit, wanted.items.length, drift, pruned.left)
  const putBack = isNew ? [] : [...applied.created, ...applied.changed]
  return {
    outcome: { isApplied: true, attempted: checkout.commit, inventory: wanted.inventory, drift, message },
    done: { ...applied, ...pruned, putBack },
  }
}

async function declared({ source, deps, inventory }: State, checkout: Checkout, kube: Kube) {
  const { path, allowEmpty, targetNamespace } = source.spec
  const { namespace = '', name } = source.metadata
  const manifests = await build({ checkout, path, allowEmpty, kustomize: await deps.kustomize() })
  const key = `${namespace}/${name}`
  const items = await itemsOf({ manifests, kube, source: key, namespace: targetNamespace ?? namespace })
  return withProvenance(items, inventory, checkout.commit)
}

/** What could not be deleted stays in the inventory. */
async function pruneIn(state: State, { kube, before, now }: { kube: Kube; before: Entry[]; now: Entry[] }) {
  const { metadata, spec } = state.source
  const source = `${metadata.namespace}/${metadata.name}`
  const pruned: Pruned = spec.prune ? await prune({ kube, source, before, now }) : { deleted: [], left: [], failed: [] }
  state.inventory = [...now, ...pruned.failed.map(({ entry }) => entry)]
  const [failed] = pruned.failed
  if (failed) throw new Trouble('PruneFailed', failed.words)
  return pruned
}

async function fetched({ spec, metadata }: Source, kube: Kube, { kept, files, ...deps }: PassDeps): Promise<Checkout> {
  const { url, ref, secretRef } = spec
  if (url.startsWith('file:')) await insist(url, files)
  const credentials = secretRef ? await opened(kube, metadata.namespace ?? '', secretRef.name, url) : {}
  const { directory, limitBytes, signal, reach } = deps
  const { checkout: before } = kept
  delete kept.checkout
  const options = { directory, url, reach, branch: ref.branch, credentials, limitBytes, signal }
  kept.checkout = await checkOut({ ...options, ...(before ? { before } : {}) })
  return kept.checkout
}

async function opened(kube: Kube, namespace: string, name: string, url: string): Promise<Credentials> {
  const secret = await kube.get<Secret>({ resource: SECRETS, namespace, name })
  if (!secret) throw new Trouble('SecretMissing', `there is no Secret ${namespace}/${name}`)
  return credentialsOf(secret, url)
}

/** Otherwise a Source could have what other Sources fetched, and whatever else the engine can read. */
async function insist(url: string, files: string | undefined): Promise<void> {
  const path = fileURLToPath(url)
  const isInside = files !== undefined && `${await realpath(path)}${sep}`.startsWith(join(await realpath(files), sep))
  if (isInside) return
  throw new Trouble('FetchFailed', `${url}: the engine may not read it; --source-files names the folder it may read`)
}

/** Everything that differs is the branch's word, not drift. */
function isNews({ metadata, status }: Source, { hash }: Commit): boolean {
  const isReady = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return !isReady || status?.commit !== hash || status.observedGeneration !== metadata.generation
}

const union = (before: Entry[], now: Entry[]): Entry[] => [
  ...new Map([...before, ...now].map((entry) => [keyOf(entry), entry])).values(),
]

const driftOf = ({ item, fields }: Judged, at: number): Drift => ({ object: item.words, fields, since: timeOf(at) })

function sentence({ hash, author }: Commit, objects: number, drift: Drift[], left: string[]): string {
  const [first] = drift
  const differs = first && `${first.object} ${first.fields.length > 0 ? `differs in ${first.fields[0]}` : 'is gone'}`
  return [
    `${hash.slice(0, 10)} by ${author} is applied: ${objects} ${objects === 1 ? 'object' : 'objects'}`,
    ...(differs ? [`${differs}${drift.length > 1 ? ` (and ${drift.length - 1} more)` : ''}, to be put back`] : []),
    ...(left.length > 0 ? [`no longer declared, but still there: ${left.join(', ')}`] : []),
  ].join('; ')
}
