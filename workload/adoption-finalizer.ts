import { FIELD_MANAGER, HAND_BACK } from '../crds/names.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import { untilNoConflict } from './conflict.ts'
import { namespaceOf } from './identity.ts'

/** It is handed back before it goes. */
export const isToBeHandedBack = ({ metadata }: Rollout): boolean => metadata.finalizers?.includes(HAND_BACK) ?? false

/** From now on it does not go before it was handed back. Nothing to do where it is going already. */
export const addFinalizer = (kube: Pick<Kube, 'get' | 'mergePatch'>, rollout: Rollout): Promise<void> =>
  change(kube, rollout, (finalizers, isGoing) =>
    isGoing || finalizers.includes(HAND_BACK) ? finalizers : [...finalizers, HAND_BACK],
  )

/** Nothing of ours keeps it any longer. */
export const dropFinalizer = (kube: Pick<Kube, 'get' | 'mergePatch'>, rollout: Rollout): Promise<void> =>
  change(kube, rollout, (finalizers) => finalizers.filter((each) => each !== HAND_BACK))

async function change(
  kube: Pick<Kube, 'get' | 'mergePatch'>,
  rollout: Rollout,
  changed: (finalizers: string[], isGoing: boolean) => string[],
): Promise<void> {
  const ref = { resource: ROLLOUTS, namespace: namespaceOf(rollout), name: rollout.metadata.name }
  await untilNoConflict(async () => {
    const live = await kube.get<Rollout>(ref)
    if (!live || live.metadata.uid !== rollout.metadata.uid) return
    const { finalizers: before = [], deletionTimestamp, resourceVersion } = live.metadata
    const finalizers = changed(before, deletionTimestamp !== undefined)
    if (finalizers.length === before.length) return
    await kube.mergePatch(ref, { metadata: { resourceVersion, finalizers } }, { fieldManager: FIELD_MANAGER.adoption })
  })
}
