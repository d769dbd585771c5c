import { APPLIED_BY } from '../crds/names.ts'
import type { Kube, Resource } from '../kube/index.ts'
import type { Declared, Manifest } from './manifests.ts'
import { troubleOf, type Fault } from './trouble.ts'

/** An object of the branch as it is to be in the cluster. */
export type Item = {
  /** Kind, namespace and name, for people; unique together with the group. */
  words: string
  key: string
  /** Undefined: the kind is defined by the branch itself, and not yet known to the server. */
  resource: Resource | undefined
  object: Declared
  place: Manifest['place']
}

/** What an inventory says of an object. */
export type Identity = { apiVersion: string; kind: string; namespace?: string; name: string }

export type ItemsOptions = {
  manifests: Manifest[]
  kube: Pick<Kube, 'kinds'>
  /** `namespace/name` of the Source. */
  source: string
  /** Where objects go that name no namespace. */
  namespace: string
}

/** Gives every object its address. Throws `Trouble` for kinds that nobody knows and objects that are declared twice. */
export async function itemsOf({ manifests, kube, source, namespace }: ItemsOptions): Promise<Item[]> {
  const lookUp = createLookup(kube)
  const defined = manifests.flatMap(({ object }) => definedBy(object))
  const faults: Fault[] = []
  const items = new Map<string, Item>()
  for (const { object, place } of manifests) {
    const { apiVersion, kind } = object
    const resource = await lookUp(object)
    const own = defined.find((one) => one.group === groupOf(apiVersion) && one.kind === kind)
    if (!resource && !own) {
      faults.push({ ...place('kind'), message: `the cluster knows no ${kind} of ${apiVersion}` })
      continue
    }
    const addressed = addressOf(object, (resource ?? own)?.namespaced ? namespace : undefined)
    const item = { ...describe(addressed), resource, place, object: signed(addressed, source) }
    const twin = items.get(item.key)
    if (twin) faults.push({ ...place(), message: `${item.words} is declared twice; also in ${wordsOf(twin.place())}` })
    items.set(item.key, item)
  }
  if (faults.length > 0) throw troubleOf('BuildFailed', faults)
  return [...items.values()]
}

/** Asks the server once per group and version. */
export function createLookup(
  kube: Pick<Kube, 'kinds'>,
): (of: { apiVersion: string; kind: string }) => Promise<Resource | undefined> {
  const known = new Map<string, Promise<Resource[] | undefined>>()
  return async ({ apiVersion, kind }) => {
    const kinds = known.get(apiVersion) ?? kube.kinds(apiVersion)
    known.set(apiVersion, kinds)
    return (await kinds)?.find((one) => one.kind === kind)
  }
}

/** Another version of the same object is the same object. */
export const keyOf = ({ apiVersion, kind, namespace = '', name }: Identity): string =>
  [groupOf(apiVersion), kind, namespace, name].join('|')

export const wordsOfObject = ({ kind, namespace, name }: Omit<Identity, 'apiVersion'>): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

export const identityOf = ({ apiVersion, kind, metadata: { namespace, name } }: Declared): Identity => ({
  apiVersion,
  kind,
  ...(namespace === undefined ? {} : { namespace }),
  name,
})

const describe = (object: Declared): Pick<Item, 'key' | 'words'> => {
  const identity = identityOf(object)
  return { key: keyOf(identity), words: wordsOfObject(identity) }
}

function addressOf(object: Declared, fallback: string | undefined): Declared {
  const { namespace, ...metadata } = object.metadata
  const where = fallback === undefined ? undefined : (namespace ?? fallback)
  return { ...object, metadata: { ...metadata, ...(where === undefined ? {} : { namespace: where }) } }
}

const signed = (object: Declared, source: string): Declared => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [APPLIED_BY]: source } },
})

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '')
const wordsOf = ({ file, line }: { file?: string; line?: number }): string =>
  `${file ?? 'another file'}${line === undefined ? '' : `:${line}`}`

type Definition = { group: string; kind: string; namespaced: boolean }

function definedBy({ kind, ...object }: Declared): Definition[] {
  if (kind !== 'CustomResourceDefinition') return []
  const {
    group = '',
    scope,
    names,
  } = (object['spec'] ?? {}) as {
    group?: string
    scope?: string
    names?: { kind?: string }
  }
  return [{ group, kind: names?.kind ?? '', namespaced: scope !== 'Cluster' }]
}
