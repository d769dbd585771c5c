import { FIELD_MANAGER, jobObject, ROUND } from '../crds/names.ts'
import { JOBS, SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Kube } from '../kube/index.ts'
import { isOurs, namespaceOf } from './identity.ts'
import { attraction, jobOf } from './job.ts'
import type { Job, Service } from './objects.ts'
import { foreignObject } from './ownership.ts'
import type { JobOrder, Workload } from './workload.ts'

export async function startJob(kube: Kube, rollout: Rollout, order: JobOrder): ReturnType<Workload['startJob']> {
  const wanted = jobOf(rollout, order)
  const { name } = wanted.metadata
  const namespace = namespaceOf(rollout)
  const ref = { resource: JOBS, namespace, name }
  const live = await kube.get<Job>(ref)
  if (live && !isOurs(live, rollout))
    throw foreignObject(`Job ${name} exists and is not of Rollout ${rollout.metadata.name}; delete it`)
  if (live && isOfRound(live, order)) return {}
  const { items } = await kube.list<Service>(SERVICES, { namespace })
  const refused = attraction(wanted, rollout, items)
  if (refused !== undefined) return { refused }
  if (live) await remove(kube, live)
  await kube.create(JOBS, wanted, { fieldManager: FIELD_MANAGER.objects })
  return {}
}

export async function stopJob(
  kube: Kube,
  rollout: { namespace: string; name: string },
  { release, stepIndex, round = Infinity }: Parameters<Workload['stopJob']>[1],
): Promise<void> {
  const name = jobObject(rollout.name, release, stepIndex)
  const live = await kube.get<Job>({ resource: JOBS, namespace: rollout.namespace, name })
  if (live && roundOf(live) <= round && !endOf(live)) await remove(kube, live)
}

/** How it ended, in the API's word; undefined while it runs. */
export function endOf({ status }: Job): { type: string; reason?: string; message?: string } | undefined {
  return status?.conditions?.find(({ type, status }) => ENDS.has(type) && status === 'True')
}

const ENDS = new Set(['Complete', 'Failed'])

/** Of this very release, and not of an earlier one that had its number. A later round than one remembers was begun by oneself. */
const isOfRound = (live: Job, { release, round }: JobOrder): boolean =>
  roundOf(live) >= round && (live.metadata.ownerReferences ?? []).some(({ uid }) => uid === release.metadata.uid)

const roundOf = ({ metadata }: Job): number => Number(metadata.annotations?.[ROUND] ?? 0)

const remove = (kube: Kube, { metadata: { namespace = '', name, uid } }: Job): Promise<void> =>
  kube.delete({ resource: JOBS, namespace, name }, { propagation: 'Background', ...(uid === undefined ? {} : { uid }) })
