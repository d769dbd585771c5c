import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'
import { configKey, type ConfigReference } from './config-references.ts'
import { configsToRead, type ConfigLookup } from './config-tracking.ts'
import { sameTemplate, type RevisionSource, type Snapshot } from './revision.ts'

/** A little less than the controller waits: what it has waited for counts here, whatever clocks say. */
const FRESH_MS = 4_000

export type Settling = {
  rollout: Rollout
  source: RevisionSource
  known: Snapshot[]
  lookup: ConfigLookup
  now: number
}

/**
 * Pure. A config that was written a moment ago counts as what it was in the first of `known` that has this template: the
 * template that belongs to it may be on its way, and one release brings both. Where the template is here, nothing waits.
 */
export function settled({ rollout, source, known, lookup, now }: Settling): RevisionSource {
  const before = known.find(({ template }) => sameTemplate(template, source.template))?.configs
  if (!before) return source
  const configs = { ...source.configs }
  for (const key of freshKeys(rollout, source.template, before, (reference) => isFresh(lookup(reference), now))) {
    const digest = before[key]
    if (digest === undefined) delete configs[key]
    else configs[key] = digest
  }
  return { ...source, configs }
}

/**
 * Epoch milliseconds of the last write, in whole seconds as the API server tells it. What was made a moment ago and is
 * needed was awaited: that is no change to wait for.
 */
export function writtenAt(
  { metadata }: KubeObject,
  { optional }: Pick<ConfigReference, 'optional'>,
): number | undefined {
  const writes = (metadata.managedFields ?? []).map(({ time }) => Date.parse(time ?? '')).filter((time) => time > 0)
  if (writes.length === 0) return undefined
  const last = Math.max(...writes)
  return !optional && last - Date.parse(metadata.creationTimestamp ?? '') < FRESH_MS ? undefined : last
}

/** What is needed and was not followed before is no change either. */
const freshKeys = (
  rollout: Rollout,
  template: PodTemplate,
  before: Record<string, string>,
  isFreshOne: (reference: ConfigReference) => boolean,
): string[] =>
  configsToRead(rollout, template)
    .filter((reference) => reference.optional || before[configKey(reference)] !== undefined)
    .filter(isFreshOne)
    .map(configKey)

/** A clock that is far behind the API server's makes nobody wait. */
const isFresh = (sight: ReturnType<ConfigLookup>, now: number): boolean =>
  typeof sight === 'object' && sight.writtenAt !== undefined && Math.abs(now - sight.writtenAt) < FRESH_MS
