import { TASK_QUEUE, workflowId } from '../crds/names.ts'
import { SEARCH, type ReleaseInput } from '../workflows/contract.ts'
import type { Run } from './delivery.ts'
import type { SearchAttributes } from './search-attributes.ts'
import type { RolloutRef } from './workflows.ts'

type Options = { cluster: string; attributes: SearchAttributes | undefined }

type Starting = <R>(rollout: RolloutRef, start: (run: Run) => Promise<R>) => Promise<R>

/** How runs of a Rollout are begun. What Temporal knew it may have forgotten since: that starts the same without. */
export const createStarting =
  ({ cluster, attributes }: Options): Starting =>
  async (rollout, start) => {
    const searchable = (await attributes?.known()) === true
    try {
      return await start(runOf(cluster, rollout, searchable))
    } catch (error) {
      if (!searchable || !attributes?.areMissing(error)) throw error
      return start(runOf(cluster, rollout, false))
    }
  }

function runOf(cluster: string, { namespace, name }: RolloutRef, searchable: boolean): Run {
  const input: ReleaseInput = { cluster, namespace, name, ...(searchable ? { searchable } : {}) }
  const typedSearchAttributes = [
    { key: SEARCH.namespace, value: namespace },
    { key: SEARCH.rollout, value: name },
  ]
  return {
    workflowId: workflowId(cluster, namespace, name),
    taskQueue: TASK_QUEUE.act,
    args: [input],
    // One open run per id is the lock on the route. Never TERMINATE_EXISTING: that would skip the way back.
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `${namespace}/${name}`,
    staticDetails: `Releases of Rollout **${namespace}/${name}** in cluster ${cluster}.`,
    ...(searchable ? { typedSearchAttributes } : {}),
  }
}
