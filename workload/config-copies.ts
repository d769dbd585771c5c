import { createHash } from 'node:crypto'
import { FIELD_MANAGER, LABEL, revisionObject } from '../crds/names.ts'
import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { isForbidden, type Kube, type OwnerReference } from '../kube/index.ts'
import { CONFIG_RESOURCES } from './config-reading.ts'
import { configKey, referencesOf, renamed, type ConfigKind, type ConfigReference } from './config-references.ts'
import { digestOf, type Config } from './config-sight.ts'
import { isVersioned } from './config-tracking.ts'
import { isOurs, MANAGED_BY, missingOwner, namespaceOf, podLabels } from './identity.ts'
import { foreignObject } from './ownership.ts'
import type { RevisionSource } from './revision.ts'

/** `owner`: whose the revision's Deployment is. */
type Owned = { owner: OwnerReference }
type OfRevision = { rollout: Rollout; revision: Revision; source: RevisionSource; owner: OwnerReference }

/** A config is no longer what the release was opened with: what was to be analysed cannot be run any more. */
function configChanged(message: string): Error {
  const error = new Error(message)
  error.name = 'ConfigChanged'
  return error
}

/** The template with the revision's own copies at every reference to a config that is versioned. */
export const withCopies = ({ rollout, revision, source }: Omit<OfRevision, 'owner'>): PodTemplate =>
  renamed(source.template, (reference) =>
    isVersioned(source.configs[configKey(reference)])
      ? copyName(rollout.metadata.name, revision, reference.name)
      : reference.name,
  )

/**
 * Immutable copies of the versioned configs. What is there already stays. Throws `ConfigChanged` when what was copied is
 * not what the release was opened with, and `ForeignObject` when somebody else has the name.
 */
export async function ensureCopies(kube: Kube, of: OfRevision & Owned): Promise<void> {
  const { template, configs } = of.source
  const versioned = referencesOf(template).filter((reference) => isVersioned(configs[configKey(reference)]))
  await Promise.all(versioned.map((reference) => ensureCopy(kube, of, reference)))
}

/** Removes the copies of all revisions but those in `keep`. `secrets`: there may be copies of Secrets. */
export async function removeCopies(
  kube: Kube,
  rollout: Rollout,
  { keep, secrets }: { keep: Revision[]; secrets: boolean },
): Promise<void> {
  const kinds: ConfigKind[] = secrets ? ['ConfigMap', 'Secret'] : ['ConfigMap']
  for (const kind of kinds) {
    for (const { metadata } of await copiesOf(kube, rollout, kind)) {
      if (keep.includes(metadata.labels?.[LABEL.revision] ?? '')) continue
      const ref = { resource: CONFIG_RESOURCES[kind], namespace: namespaceOf(rollout), name: metadata.name }
      await kube.delete(ref, metadata.uid ? { uid: metadata.uid } : {})
    }
  }
}

/** Longest name of an object. */
const LONGEST = 253

/** Next to its Deployment in every list; a name that would be too long keeps its beginning. */
function copyName(rollout: string, revision: Revision, config: string): string {
  const name = `${revisionObject(rollout, revision)}-${config}`
  if (name.length <= LONGEST) return name
  const hash = createHash('sha256').update(config).digest('hex').slice(0, 10)
  return `${name.slice(0, LONGEST - hash.length - 1).replace(/[-.]+$/, '')}-${hash}`
}

async function copiesOf(kube: Kube, rollout: Rollout, kind: ConfigKind): Promise<Config[]> {
  const labelSelector = `${LABEL.rollout}=${rollout.metadata.name},${LABEL.revision}`
  try {
    const { items } = await kube.list<Config>(CONFIG_RESOURCES[kind], {
      namespace: namespaceOf(rollout),
      labelSelector,
    })
    return items.filter((copy) => isOurs(copy, rollout))
  } catch (error) {
    // The right was taken back: what was copied with it goes when its owner goes.
    if (kind === 'Secret' && isForbidden(error)) return []
    throw error
  }
}

async function ensureCopy(kube: Kube, of: OfRevision & Owned, reference: ConfigReference): Promise<void> {
  const { rollout, revision, owner } = of
  const resource = CONFIG_RESOURCES[reference.kind]
  const namespace = namespaceOf(rollout)
  const ref = { resource, namespace, name: copyName(rollout.metadata.name, revision, reference.name) }
  const live = await kube.get<Config>(ref)
  if (live) {
    refuseForeign(live, rollout)
    refuseChanged(live, of, reference)
    const missing = missingOwner(live, owner)
    if (missing.ownerReferences) {
      await kube.mergePatch(ref, { metadata: { ...missing, resourceVersion: live.metadata.resourceVersion } })
    }
    return
  }
  const original = await kube.get<Config>({ ...ref, name: reference.name })
  refuseChanged(original, of, reference)
  const copy = copyOf(original, of, ref.name)
  const made = await kube.create(resource, copy, { fieldManager: FIELD_MANAGER.objects })
  refuseChanged(made, of, reference)
}

function refuseForeign(live: Config, rollout: Rollout): void {
  if (isOurs(live, rollout)) return
  const { kind, metadata } = live
  throw foreignObject(
    `${kind} ${metadata.name} exists and is not of Rollout ${rollout.metadata.name}; rename or delete it`,
  )
}

function refuseChanged(
  found: Config | undefined,
  { source, revision }: OfRevision,
  reference: ConfigReference,
): asserts found is Config {
  const what = `${reference.kind} ${reference.name}`
  if (!found) throw configChanged(`${what} was deleted before revision ${revision} had its copy`)
  if (digestOf(found) === source.configs[configKey(reference)]) return
  throw configChanged(`${what} changed before revision ${revision} had its copy`)
}

function copyOf(
  { kind, data, binaryData, type }: Config,
  { rollout, revision, owner }: OfRevision,
  name: string,
): Config {
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace: namespaceOf(rollout),
      labels: { ...podLabels(rollout.metadata.name, revision), [LABEL.managedBy]: MANAGED_BY },
      ownerReferences: [owner],
    },
    immutable: true,
    ...(data ? { data } : {}),
    ...(binaryData ? { binaryData } : {}),
    ...(type ? { type } : {}),
  }
}
