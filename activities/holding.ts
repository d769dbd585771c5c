import { heldBy, isLimited, type Held } from '../crds/freezing.ts'
import { FREEZES, NAMESPACES, ROLLOUTS } from '../crds/resources.ts'
import type { Freeze } from '../crds/schema/freeze.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'
import type { Deps } from './deps.ts'

/** What keeps it from going forward although nothing is wrong with it. */
export async function heldNow({ kube, now }: Pick<Deps, 'kube' | 'now'>, rollout: Rollout): Promise<Held | undefined> {
  const { namespace = '' } = rollout.metadata
  const [freezes, place] = await Promise.all([
    kube.list<Freeze>(FREEZES),
    kube.get<KubeObject>({ resource: NAMESPACES, name: namespace }),
  ])
  const rollouts = isLimited(rollout, freezes.items) ? (await kube.list<Rollout>(ROLLOUTS)).items : []
  return heldBy(rollout, { freezes: freezes.items, namespace: place?.metadata ?? {}, rollouts, now: now() })
}
