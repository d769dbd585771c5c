import { ApplicationFailure } from '@temporalio/activity'
import { LABEL } from '../crds/names.ts'
import { RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import type { RouteTarget } from '../router/router.ts'
import type { RolloutRef } from './picture.ts'

export const getRollout = (kube: Kube, ref: RolloutRef): Promise<Rollout | undefined> =>
  kube.get<Rollout>({ resource: ROLLOUTS, ...ref })

/** Throws a non-retryable `RolloutGone` when there is none. */
export async function needRollout(kube: Kube, ref: RolloutRef): Promise<Rollout> {
  const rollout = await getRollout(kube, ref)
  if (rollout) return rollout
  throw ApplicationFailure.nonRetryable(`Rollout ${ref.namespace}/${ref.name} is gone`, 'RolloutGone')
}

/** Oldest first. */
export async function releasesOf(kube: Kube, ref: RolloutRef): Promise<Release[]> {
  const { items } = await kube.list<Release>(RELEASES, {
    namespace: ref.namespace,
    labelSelector: `${LABEL.rollout}=${ref.name}`,
  })
  return items.sort((a, b) => a.spec.number - b.spec.number)
}

export function routeTarget(rollout: Rollout): RouteTarget {
  const { istio } = rollout.spec.router
  if (!istio)
    throw ApplicationFailure.nonRetryable(
      'spec.router.istio is missing; gatewayAPI is not yet supported',
      'InvalidSpec',
    )
  return {
    namespace: rollout.metadata.namespace ?? 'default',
    name: rollout.metadata.name,
    uid: rollout.metadata.uid ?? '',
    router: { istio },
    service: rollout.spec.service,
  }
}
