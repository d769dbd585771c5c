import { LABEL } from '../crds/names.ts'
import { PODS } from '../crds/resources.ts'
import type { Revision } from '../crds/traffic.ts'
import type { KubeObject } from '../kube/index.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

/** Its Deployment makes a new one. Nothing to do where the pod is gone, or is none of this revision. */
export async function replacePod(
  deps: Deps,
  { ref, revision, pod }: { ref: RolloutRef; revision: Revision; pod: string },
): Promise<void> {
  const at = { resource: PODS, namespace: ref.namespace, name: pod }
  const found = await deps.kube.get<KubeObject>(at)
  const { labels = {}, uid } = found?.metadata ?? {}
  if (labels[LABEL.rollout] !== ref.name || labels[LABEL.revision] !== revision) return
  await deps.kube.delete(at, uid === undefined ? {} : { uid })
}
