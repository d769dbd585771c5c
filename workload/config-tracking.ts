import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import { configKey, referencesOf, type ConfigKind, type ConfigReference } from './config-references.ts'
import type { ConfigSight } from './config-sight.ts'

/** Undefined where there is none; `forbidden` where the engine may not look. Only asked for what `configsToRead` names. */
export type ConfigLookup = (config: ConfigReference) => ConfigSight | 'forbidden' | undefined

/** Digest by `<kind>/<name>` of every config whose change is a new revision, or why nothing can be run with them. */
export type Tracked = { configs: Record<string, string> } | { problem: string }

/** Marks the digest of a config that is not copied: its change starts a release, and pods read what is there. */
const TRIGGER = 'trigger:'

/** What a Release has room for. */
const MOST = 64

/** A copy of the config goes with the revision: by what the Release remembers of it. */
export const isVersioned = (digest: string | undefined): digest is string =>
  digest !== undefined && !digest.startsWith(TRIGGER)

/** What has to be known to say what is declared: every ConfigMap of the pods, and the Secrets that were named. */
export const configsToRead = (rollout: Rollout, template: PodTemplate): ConfigReference[] =>
  referencesOf(template).filter(
    (reference) =>
      !isOfTheCluster(reference) && (reference.kind === 'ConfigMap' || trackOf(rollout, reference) !== 'none'),
  )

/** Pure. A template without config gives none. */
export function trackedConfigs(rollout: Rollout, template: PodTemplate, lookup: ConfigLookup): Tracked {
  const references = configsToRead(rollout, template)
  const problem = problemOfEntries(rollout, referencesOf(template))
  if (problem !== undefined) return { problem }
  const configs: Record<string, string> = {}
  for (const reference of references) {
    const track = trackOf(rollout, reference)
    const found = lookup(reference)
    const why = problemOfConfig(rollout, reference, found)
    if (why !== undefined) return { problem: why }
    if (found === undefined || found === 'forbidden' || track === 'none') continue
    configs[configKey(reference)] = track === 'trigger' ? `${TRIGGER}${found.digest}` : found.digest
  }
  const count = Object.keys(configs).length
  if (count > MOST) {
    return {
      problem: `the pods read ${count} ConfigMaps and Secrets that are followed, and ${MOST} can be: set track: none for some in spec.config`,
    }
  }
  return { configs }
}

/** Every namespace has it, and the API server's own certificate is in it. */
const isOfTheCluster = ({ kind, name }: ConfigReference): boolean => kind === 'ConfigMap' && name === 'kube-root-ca.crt'

type Entry = Rollout['spec']['config'][number]

const nameIn = (entry: Entry, kind: ConfigKind): string | undefined =>
  kind === 'ConfigMap' ? entry.configMap : entry.secret

const indexOf = ({ spec }: Rollout, { kind, name }: ConfigReference): number =>
  spec.config.findIndex((entry) => nameIn(entry, kind) === name)

function trackOf(rollout: Rollout, reference: ConfigReference): NonNullable<Entry['track']> {
  const entry = rollout.spec.config[indexOf(rollout, reference)]
  return entry?.track ?? (reference.kind === 'ConfigMap' ? 'version' : 'none')
}

/** A name that nothing has is a slip of the pen: what it was meant for would go on unfollowed. */
function problemOfEntries({ spec }: Rollout, references: ConfigReference[]): string | undefined {
  const seen = new Set<string>()
  for (const [index, entry] of spec.config.entries()) {
    const kind = entry.configMap === undefined ? 'Secret' : 'ConfigMap'
    const field = `spec.config[${index}].${kind === 'ConfigMap' ? 'configMap' : 'secret'}`
    const name = nameIn(entry, kind) ?? ''
    if (seen.has(configKey({ kind, name }))) return `${field}: ${kind} ${name} is named twice; remove one of the two`
    seen.add(configKey({ kind, name }))
    const names = references.filter((reference) => reference.kind === kind).map((reference) => reference.name)
    if (names.includes(name)) continue
    const used = names.length === 0 ? `they use no ${kind}` : `they use ${names.join(', ')}`
    return `${field}: the pods use no ${kind} ${name} (${used}); name one of theirs or remove the entry`
  }
  return undefined
}

function problemOfConfig(
  rollout: Rollout,
  reference: ConfigReference,
  found: ReturnType<ConfigLookup>,
): string | undefined {
  const { kind, name, optional } = reference
  const { namespace } = rollout.metadata
  const field = `spec.config[${indexOf(rollout, reference)}].secret`
  if (found === 'forbidden') {
    return `${field}: the engine may not read Secrets in namespace ${namespace}; install the component that lets it: kubectl apply -n ${namespace} -k deploy/components/secret-tracking`
  }
  if (found === undefined) {
    return optional
      ? undefined
      : `the pods need ${kind} ${name}, and there is none in namespace ${namespace}; create it, or mark the reference as optional`
  }
  if (found.refusal === undefined) return undefined
  return `${field}: Secret ${name} ${found.refusal} and is renewed there, so it is not followed; remove the entry or write track: none`
}
