import type { Decision } from '../crds/schema/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'

/** What the cluster says about one Rollout: all that views are made of. */
export type Sight = {
  rollout: Rollout
  /** Oldest first. Those that ended are without ledger and template, see `trimRelease`. */
  releases: Release[]
  decisions: Decision[]
  /** Of all revisions. */
  pods: Pod[]
  events: KubeEvent[]
}

/** The fields of a Pod that views read. */
export type Pod = KubeObject & {
  status?: {
    phase?: string
    reason?: string
    message?: string
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}
export type ContainerStatus = { name: string; restartCount?: number; state?: ContainerState }
type ContainerState = {
  waiting?: { reason?: string; message?: string }
  terminated?: { reason?: string; message?: string; exitCode?: number }
}

/** events.k8s.io/v1. Those of older clients have the deprecated fields instead. */
export type KubeEvent = KubeObject & {
  regarding?: { kind?: string; namespace?: string; name?: string }
  type?: string
  reason?: string
  note?: string
  eventTime?: string | null
  series?: { count: number; lastObservedTime: string } | null
  deprecatedLastTimestamp?: string | null
  deprecatedCount?: number
}

/** The release that runs, or else ended last. */
export function currentRelease({ rollout: { status }, releases }: Pick<Sight, 'rollout' | 'releases'>) {
  const number = status?.release ?? status?.lastRelease?.number
  return releases.find(({ spec }) => spec.number === number)
}

/**
 * Ledgers make up nearly all of a Release. Those of releases that ended change no more and are read when somebody looks
 * at them; the template, the policy and the configs are in no view.
 */
export function trimRelease({ metadata, spec, status, ...release }: Release): Release {
  const { template: _template, policy: _policy, configs: _configs, ...shown } = spec
  const { ledger, ...rest } = status ?? {}
  const keepsLedger = ledger !== undefined && rest.outcome === undefined
  return {
    ...release,
    metadata: trimMetadata(metadata),
    spec: shown as Release['spec'],
    ...(status ? { status: keepsLedger ? { ...rest, ledger } : rest } : {}),
  }
}

export const trimObject = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: trimMetadata(object.metadata),
})

/** A pod's spec is most of it, and in no view. */
export function trimPod({ apiVersion, kind, metadata, status }: Pod): Pod {
  return { apiVersion, kind, metadata: trimMetadata(metadata), ...(status ? { status } : {}) }
}

const trimMetadata = ({
  managedFields: _managed,
  ownerReferences: _owners,
  ...metadata
}: KubeObject['metadata']): KubeObject['metadata'] => metadata
