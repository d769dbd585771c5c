import { LABEL } from '../crds/names.ts'
import { DECISIONS, EVENTS, PODS, RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Kube, type Log } from '../kube/index.ts'
import { openShelf } from './shelf.ts'
import { trimObject, trimPod, trimRelease, type KubeEvent, type Pod, type Sight } from './sight.ts'

/** What is there right now, as one watch per kind tells it: by the API's own rights, for everybody who looks. */
export type Cluster = {
  /** Resolves when everything that is there is known. */
  synced: Promise<void>
  /** By `namespace/name`; undefined when there is no such Rollout. */
  sight(key: string): Sight | undefined
  /** With `namespace/name` of the Rollout of which anything changed. Returns what takes it back. */
  onChange(listener: (key: string) => void): () => void
  /** Epoch milliseconds of the last sign of life of the watch that has been silent longest. */
  lastActivity(): number
  stop(): Promise<void>
}

export type ClusterOptions = { kube: Pick<Kube, 'list' | 'watch'>; log: Log; onRestart?: (kind: string) => void }

export function watchCluster(options: ClusterOptions): Cluster {
  const listeners = new Set<(key: string) => void>()
  const tell = (key: string): void => listeners.forEach((listener) => listener(key))
  const rollouts = reflect<Rollout>({ ...options, onChange: tell, resource: ROLLOUTS, trim: trimObject })
  const { releases, decisions, pods, events } = openShelves({ ...options, onChange: tell })
  const all = [rollouts, releases, decisions, pods, events]
  return {
    synced: Promise.all(all.map(({ synced }) => synced)).then(() => undefined),
    sight(key) {
      const rollout = rollouts.get(key)
      if (!rollout) return undefined
      const byNumber = releases.of(key).toSorted((a, b) => a.spec.number - b.spec.number)
      return { rollout, releases: byNumber, decisions: decisions.of(key), pods: pods.of(key), events: events.of(key) }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    lastActivity: () => Math.min(...all.map((each) => each.lastActivity())),
    async stop() {
      await Promise.all(all.map((each) => each.stop()))
    },
  }
}

function openShelves(options: ClusterOptions & { onChange: (rollout: string) => void }) {
  const ofRollout = ({ spec }: { spec: { rollout: string } }): string => spec.rollout
  return {
    releases: openShelf<Release>({ ...options, resource: RELEASES, trim: trimRelease, rolloutOf: ofRollout }),
    decisions: openShelf<Decision>({ ...options, resource: DECISIONS, trim: trimObject, rolloutOf: ofRollout }),
    pods: openShelf<Pod>({
      ...options,
      resource: PODS,
      labelSelector: LABEL.rollout,
      trim: trimPod,
      rolloutOf: ({ metadata }) => metadata.labels?.[LABEL.rollout],
    }),
    events: openShelf<KubeEvent>({
      ...options,
      resource: EVENTS,
      fieldSelector: `regarding.kind=${ROLLOUTS.kind}`,
      trim: trimObject,
      rolloutOf: ({ regarding }) => regarding?.name,
    }),
  }
}
