import { AUTOSCALERS, CLAIMS, DEPLOYMENTS, SERVICES } from '../crds/resources.ts'
import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import { isPinned } from '../workload/adoption-pin.ts'
import { claimsOf, problemOfPods, problemOfVolumes, type Claim } from '../workload/adoption-pods.ts'
import { isContested, problemOfHeadless, refusalOfAdoption, type Autoscaler } from '../workload/adoption-refusal.ts'
import { coOwnSize } from '../workload/adoption-workload.ts'
import { templateOf, type DeclaredDeployment } from '../workload/declared.ts'
import type { Service } from '../workload/objects.ts'
import { foreignApex } from '../workload/ownership.ts'

export type Asking = Pick<Kube, 'get' | 'list' | 'apply'>

/**
 * Why nothing can begin with the objects around a Rollout: its pods, its apex, the workload that it is to take over.
 * Asked only when something is to begin, so that no cache has to know every one of them in the cluster.
 */
export async function problemAround(kube: Asking, rollout: Rollout): Promise<string | undefined> {
  return rollout.spec.workloadRef ? problemOfAdopting(kube, rollout) : problemOfOwn(kube, rollout)
}

async function problemOfOwn(kube: Asking, rollout: Rollout): Promise<string | undefined> {
  const live = await kube.get<Service>({ resource: SERVICES, ...near(rollout), name: rollout.spec.service.name })
  const apex = live && (foreignApex(live, rollout) ?? problemOfHeadless(live))
  return apex ?? problemOfTemplate(kube, rollout, templateOf(rollout, undefined), 'spec.template')
}

async function problemOfAdopting(kube: Asking, rollout: Rollout): Promise<string | undefined> {
  const { workloadRef, service } = rollout.spec
  const name = workloadRef?.name ?? ''
  const [deployment, apex, autoscalers, pinned] = await Promise.all([
    kube.get<DeclaredDeployment>({ resource: DEPLOYMENTS, ...near(rollout), name }),
    kube.get<Service>({ resource: SERVICES, ...near(rollout), name: service.name }),
    kube.list<Autoscaler>(AUTOSCALERS, near(rollout)),
    isPinned(kube),
  ])
  // It went since the cache knew it, or is to come: the next look says so.
  if (!deployment) return undefined
  const around = { deployment, service: apex, autoscalers: autoscalers.items, pinned }
  const refusal = refusalOfAdoption(rollout, around)
  // Whoever leaves `replicas` out as they are asked to must not lose their pods by it.
  if (refusal !== undefined && isContested(around)) await coOwnSize(kube, rollout)
  const template = templateOf(rollout, deployment)
  return refusal ?? problemOfTemplate(kube, rollout, template, `spec.workloadRef.name: Deployment ${name}`)
}

async function problemOfTemplate(
  kube: Asking,
  rollout: Rollout,
  template: PodTemplate,
  field: string,
): Promise<string | undefined> {
  const problem = problemOfPods(template, field)
  const names = claimsOf(template)
  if (problem !== undefined || names.length === 0) return problem
  const read = async (name: string) =>
    [name, await kube.get<Claim>({ resource: CLAIMS, ...near(rollout), name })] as const
  const claims = new Map(await Promise.all(names.map(read)))
  return problemOfVolumes(template, field, (name) => claims.get(name))
}

const near = ({ metadata: { namespace = '' } }: Rollout): { namespace: string } => ({ namespace })
