import { isDeepStrictEqual } from 'node:util'
import { findCondition, stalledConditions, type Stall } from '../crds/conditions.ts'
import { FIELD_MANAGER } from '../crds/names.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'

export type Saying = {
  stall?: { reason: Stall; message: string } | undefined
  /** Nothing starts because of this generation. */
  observed: boolean
}

/**
 * Writes Stalled and observedGeneration, all that the controller owns of a status, when they are not as they should
 * be. The resourceVersion makes a stale look fail with 409 instead of taking back what the release has written since.
 */
export async function writeStatus(
  kube: Pick<Kube, 'apply'>,
  rollout: Rollout,
  { stall, observed }: Saying,
): Promise<void> {
  const { metadata, status } = rollout
  const { namespace, name, resourceVersion, generation = 0 } = metadata
  const stalled = findCondition(status?.conditions, 'Stalled')
  const conditions = stalledConditions({
    stall: stall?.reason,
    message: stall?.message ?? '',
    generation,
    at: Date.now(),
    previous: status?.conditions,
  })
  const observedGeneration = observed ? generation : status?.observedGeneration
  if (observedGeneration === status?.observedGeneration && isDeepStrictEqual(conditions, stalled ? [stalled] : []))
    return
  const whole = {
    apiVersion: rollout.apiVersion,
    kind: rollout.kind,
    metadata: { name, ...(namespace ? { namespace } : {}), ...(resourceVersion ? { resourceVersion } : {}) },
    status: {
      ...(conditions.length > 0 ? { conditions } : {}),
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    },
  }
  await kube.apply(ROLLOUTS, whole, { fieldManager: FIELD_MANAGER.controller, force: true, subresource: 'status' })
}
