import { heldBy, isLimited, isQueued, type Candidate } from '../crds/freezing.ts'
import { FREEZE } from '../crds/names.ts'
import { FREEZES, NAMESPACES } from '../crds/resources.ts'
import type { Freeze } from '../crds/schema/freeze.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Kube, type KubeObject, type Log } from '../kube/index.ts'

/** What keeps releases from going forward. */
export type Freezes = {
  synced: Promise<unknown>
  lastActivity(): number
  /** Why this one does not go forward, as a sentence. */
  held(rollout: Rollout): string | undefined
  /** Another Rollout's release began or ended: to be told those who wait for a place. */
  waiting(): Rollout[]
  stop(): Promise<unknown>
}

export type FreezesOptions = {
  kube: Pick<Kube, 'list' | 'watch'>
  log: Log
  onRestart: (kind: string) => void
  rollouts: () => Rollout[]
  /** A Rollout that may be held now, or no longer. */
  onChange: (rollout: Rollout) => void
}

export function openFreezes({ rollouts, onChange, ...common }: FreezesOptions): Freezes {
  const freezes = reflect<Freeze>({ ...common, resource: FREEZES, onChange: () => rollouts().forEach(onChange) })
  const namespaces = reflect<KubeObject>({
    ...common,
    resource: NAMESPACES,
    onChange: (key) =>
      rollouts()
        .filter(({ metadata }) => `/${metadata.namespace}` === key)
        .forEach(onChange),
    trim: noteOf,
  })
  const others = (rollout: Candidate): Candidate[] => (isLimited(rollout, freezes.items()) ? rollouts() : [])
  return {
    synced: Promise.all([freezes.synced, namespaces.synced]),
    lastActivity: () => Math.min(freezes.lastActivity(), namespaces.lastActivity()),
    held(rollout) {
      const namespace = namespaces.get(`/${rollout.metadata.namespace}`)?.metadata ?? {}
      const around = { freezes: freezes.items(), namespace, rollouts: others(rollout), now: Date.now() }
      return heldBy(rollout, around)?.sentence
    },
    waiting: () => rollouts().filter(isQueued),
    stop: () => Promise.all([freezes.stop(), namespaces.stop()]),
  }
}

/** Of a Namespace only what it says about freezing. */
function noteOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, resourceVersion, annotations } = metadata
  const note = annotations?.[FREEZE]
  const kept = { name, ...(resourceVersion ? { resourceVersion } : {}) }
  return { apiVersion, kind, metadata: { ...kept, ...(note === undefined ? {} : { annotations: { [FREEZE]: note } }) } }
}
