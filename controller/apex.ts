import { SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import { foreignApex } from '../workload/ownership.ts'

/**
 * Why nothing can begin under the apex's name: a Service of somebody else has it. Asked only when something is to begin,
 * so that no cache has to know every Service of the cluster.
 */
export async function problemOfApex(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<string | undefined> {
  const { namespace = '' } = rollout.metadata
  const live = await kube.get({ resource: SERVICES, namespace, name: rollout.spec.service.name })
  return live && foreignApex(live, rollout)
}
