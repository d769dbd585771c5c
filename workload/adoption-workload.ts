import { ADOPTED_BY, FIELD_MANAGER } from '../crds/names.ts'
import { DEPLOYMENTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube, Ref } from '../kube/index.ts'
import { applierOfReplicas, withoutOurs } from './adoption-fields.ts'
import { untilNoConflict } from './conflict.ts'
import type { DeclaredDeployment } from './declared.ts'
import { namespaceOf } from './identity.ts'
import { isPinned } from './adoption-pin.ts'
import { readDeclared } from './sources.ts'

/** As the API server fills in. */
export const sizeOf = ({ spec }: DeclaredDeployment): number => spec.replicas ?? 1

/** The pods of this Deployment are the revisions of this Rollout. */
export const isAdopted = ({ metadata }: DeclaredDeployment, rollout: Rollout): boolean =>
  metadata.annotations?.[ADOPTED_BY] === rollout.metadata.name

/**
 * Its number of pods is ours, too, and stays what it is: whoever applies it may leave it out from now on, without the
 * API server falling back to one pod. Nothing to do where it is gone.
 */
export async function coOwnSize(kube: Pick<Kube, 'get' | 'apply'>, rollout: Rollout): Promise<void> {
  await untilNoConflict(async () => {
    const declared = await readDeclared(kube, rollout)
    if (!declared) return
    await apply(kube, declared, { rollout, replicas: sizeOf(declared), marked: isAdopted(declared, rollout) })
  })
}

/**
 * Co-owned at its value first, then at `replicas`. Not while somebody is going to write it again and nothing keeps that
 * away: then it stays as it is, and `contestedBy` names the field manager.
 */
export async function holdDeclared(kube: Kube, rollout: Rollout, replicas: number): Promise<{ contestedBy?: string }> {
  const declared = await readDeclared(kube, rollout)
  if (!declared || (isAdopted(declared, rollout) && sizeOf(declared) === replicas)) return {}
  await coOwnSize(kube, rollout)
  const contestedBy = applierOfReplicas(declared)
  if (contestedBy !== undefined && replicas < sizeOf(declared) && !(await isPinned(kube))) return { contestedBy }
  await apply(kube, declared, { rollout, replicas, marked: true, force: true })
  return {}
}

/** It is as it was found: no mark of ours on it, and none of its fields ours. */
export async function releaseDeclared(kube: Kube, rollout: Rollout): Promise<void> {
  await untilNoConflict(async () => {
    const declared = await readDeclared(kube, rollout)
    if (!declared) return
    const marked = isAdopted(declared, rollout)
    const managedFields = withoutOurs(declared)
    if (!marked && !managedFields) return
    const { resourceVersion } = declared.metadata
    const metadata = {
      resourceVersion,
      ...(marked ? { annotations: { [ADOPTED_BY]: null } } : {}),
      ...(managedFields ? { managedFields } : {}),
    }
    await kube.mergePatch(refOf(declared, rollout), { metadata }, { fieldManager: FIELD_MANAGER.objects })
  })
}

/** `marked`: as adopted. What is left out here is taken away. */
type Applied = { rollout: Rollout; replicas: number; marked: boolean; force?: true }

async function apply(
  kube: Pick<Kube, 'apply'>,
  { apiVersion, kind, metadata }: DeclaredDeployment,
  { rollout, replicas, marked, force }: Applied,
): Promise<void> {
  const { name, namespace = '' } = metadata
  const annotations = marked ? { annotations: { [ADOPTED_BY]: rollout.metadata.name } } : {}
  const object = { apiVersion, kind, metadata: { name, namespace, ...annotations }, spec: { replicas } }
  await kube.apply(DEPLOYMENTS, object, { fieldManager: FIELD_MANAGER.adoption, ...(force ? { force } : {}) })
}

const refOf = ({ metadata }: DeclaredDeployment, rollout: Rollout): Ref => ({
  resource: DEPLOYMENTS,
  namespace: namespaceOf(rollout),
  name: metadata.name,
})
