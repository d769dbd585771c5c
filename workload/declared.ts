import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { KubeObject } from '../kube/index.ts'
import { referencesOf } from './config-references.ts'
import { settled } from './config-settling.ts'
import { trackedConfigs, type ConfigLookup } from './config-tracking.ts'
import { revisionOf, type RevisionSource, type Snapshot } from './revision.ts'

/** What a Rollout declares to run, wherever that is written, and what it is called. */
export type Declared = RevisionSource & { revision: Revision }

/** The fields that are read of the Deployment that `workloadRef` names. */
export type DeclaredDeployment = KubeObject & {
  spec: {
    replicas?: number
    selector?: { matchLabels?: Record<string, string> }
    strategy?: { type?: string }
    template: PodTemplate
  }
  status?: {
    observedGeneration?: number
    updatedReplicas?: number
    readyReplicas?: number
    conditions?: { type: string; status: string }[]
  }
}

/** What a declaration is made of besides the Rollout itself, read from the same API server. */
export type Sources = {
  /** The Deployment that `workloadRef` names; undefined where there is none. */
  deployment?: DeclaredDeployment | undefined
  configs: ConfigLookup
}

/** Nothing can be run from what is declared; the message names the field and the remedy. */
export class NotDeclared extends Error {
  override name = 'NotDeclared'
}

/** Pure. Throws `NotDeclared`. */
export function declaredBy(rollout: Rollout, sources: Sources): Declared {
  return named(sourceBy(rollout, sources))
}

/** As `declaredBy`, but for configs that were written a moment ago: see `settled`. Throws `NotDeclared`. */
export function settledBy(rollout: Rollout, sources: Sources, known: Snapshot[]): Declared {
  const source = sourceBy(rollout, sources)
  return named(settled({ rollout, source, known, lookup: sources.configs, now: Date.now() }))
}

/** The pods as they are declared; `deployment` is the one that `workloadRef` names. Throws `NotDeclared`. */
export function templateOf({ metadata, spec }: Rollout, deployment: Sources['deployment']): PodTemplate {
  if (spec.template) return spec.template
  if (deployment) return asDeclared(deployment.spec.template)
  throw new NotDeclared(
    `spec.workloadRef.name: there is no Deployment ${spec.workloadRef?.name} in namespace ${metadata.namespace}; create it or name another`,
  )
}

function sourceBy(rollout: Rollout, sources: Sources): RevisionSource {
  const template = templateOf(rollout, sources.deployment)
  const tracked = trackedConfigs(rollout, template, sources.configs)
  if ('problem' in tracked) throw new NotDeclared(tracked.problem)
  return { template, configs: tracked.configs }
}

const named = (source: RevisionSource): Declared => ({ ...source, revision: revisionOf(source) })

/** Pods read configs, and nobody knows what these contained: their next change could not be told from none. */
export const isUnnoted = ({ template, configs }: Snapshot): boolean =>
  configs === undefined && referencesOf(template).length > 0

/** The API server adds a `creationTimestamp` of null, which is none of what was declared. */
function asDeclared({ metadata: { labels, annotations } = {}, spec }: PodTemplate): PodTemplate {
  return { metadata: { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec }
}
