import { DEPLOYMENTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import { readConfigs } from './config-reading.ts'
import { templateOf, type DeclaredDeployment, type Sources } from './declared.ts'
import { namespaceOf } from './identity.ts'

/** What the declaration is made of besides the Rollout, as the API server has it now. Throws `NotDeclared`. */
export async function readSources(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<Sources> {
  const deployment = await readDeclared(kube, rollout)
  return { deployment, configs: await readConfigs(kube, rollout, templateOf(rollout, deployment)) }
}

/** The Deployment that `workloadRef` names; undefined where there is none, and in `template` form. */
export async function readDeclared(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<DeclaredDeployment | undefined> {
  const { workloadRef } = rollout.spec
  if (!workloadRef) return undefined
  const ref = { resource: DEPLOYMENTS, namespace: namespaceOf(rollout), name: workloadRef.name }
  return kube.get<DeclaredDeployment>(ref)
}
