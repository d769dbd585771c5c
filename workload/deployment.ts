import { parseDuration } from '../crds/duration.ts'
import { LABEL, revisionObject } from '../crds/names.ts'
import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { withCopies } from './config-copies.ts'
import type { OwnerReference } from '../kube/index.ts'
import { MANAGED_BY, missingOwner, namespaceOf, podLabels } from './identity.ts'
import type { Deployment } from './objects.ts'
import { isLaterRestart, RESTARTED_AT, type RevisionSource } from './revision.ts'

export type DeploymentInput = {
  rollout: Rollout
  revision: Revision
  source: RevisionSource
  replicas: number
  /** See `ownerFor`. */
  owner: OwnerReference
}

/** The Deployment of a revision: the template as declared, with its own copies of configs, plus the labels by which it is known. */
export function deploymentOf({ rollout, revision, source, replicas, owner }: DeploymentInput): Deployment {
  const { name } = rollout.metadata
  const template = withCopies({ rollout, revision, source })
  const own = podLabels(name, revision)
  const declared = template.metadata?.labels ?? {}
  const telemetry = {
    [LABEL.canonicalName]: declared[LABEL.canonicalName] ?? name,
    [LABEL.canonicalRevision]: revision,
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: revisionObject(name, revision),
      namespace: namespaceOf(rollout),
      labels: { ...declared, ...own, [LABEL.managedBy]: MANAGED_BY },
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: {
      replicas,
      // A revision's Deployment has one template for ever: there is nothing to undo to.
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: progressDeadlineSeconds(rollout),
      selector: { matchLabels: own },
      template: { ...template, metadata: { ...template.metadata, labels: { ...declared, ...own, ...telemetry } } },
    },
  }
}

/**
 * What an existing Deployment of this revision still lacks; undefined when nothing. The template itself is never sent
 * again: a newer engine that labels pods differently would restart every pod of every revision.
 */
export function growth(live: Deployment, input: DeploymentInput): Record<string, unknown> | undefined {
  const { rollout, replicas, source } = input
  const owner = missingOwner(live, { ...input.owner, controller: true })
  const seconds = progressDeadlineSeconds(rollout)
  const restart = laterRestart(live, source.template)
  const spec = {
    ...((live.spec.replicas ?? 1) < replicas ? { replicas } : {}),
    ...(live.spec.progressDeadlineSeconds === seconds ? {} : { progressDeadlineSeconds: seconds }),
    ...(restart ? { template: { metadata: { annotations: { [RESTARTED_AT]: restart } } } } : {}),
  }
  if (Object.keys(owner).length + Object.keys(spec).length === 0) return undefined
  return { metadata: { ...owner, resourceVersion: live.metadata.resourceVersion }, spec }
}

function laterRestart(live: Deployment, template: PodTemplate): string | undefined {
  const declared = template.metadata?.annotations?.[RESTARTED_AT]
  return isLaterRestart(declared, live.spec.template.metadata?.annotations?.[RESTARTED_AT]) ? declared : undefined
}

/** The Deployment controller wants at least a second. */
const progressDeadlineSeconds = ({ spec }: Rollout): number =>
  Math.max(1, Math.ceil(parseDuration(spec.progressDeadline) / 1_000))
