import { DEPLOYMENTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { reflect, type Kube, type Log } from '../kube/index.ts'
import { keyOfApex, readApex } from './adoption-apex.ts'
import { lastWriterOf } from './adoption-fields.ts'
import { isAdopted, sizeOf } from './adoption-workload.ts'
import type { DeclaredDeployment } from './declared.ts'
import { namespaceOf } from './identity.ts'
import { readDeclared } from './sources.ts'

/** How it stands with the Deployment that `workloadRef` names and its apex. */
export type Adoption = {
  /** Pods that the Deployment asks for by itself: 0 while its pods are those of revisions. */
  replicas: number
  /** It was taken over: its size is the engine's. */
  held: boolean
  /** As many of its own pods are ready as its strategy asks for, one at least. */
  serves: boolean
  /** Whom the one key names that the apex's selector has more than in Git. */
  apex?: Revision
  /** Field managers that wrote last, ourselves apart. */
  writers: { replicas: string; selector: string }
}

/** Undefined in `template` form, and where the Deployment is gone. */
export async function adoption(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<Adoption | undefined> {
  if (!rollout.spec.workloadRef) return undefined
  const [declared, service] = await Promise.all([readDeclared(kube, rollout), readApex(kube, rollout)])
  if (!declared) return undefined
  const apex = keyOfApex(service)
  return {
    replicas: sizeOf(declared),
    held: isAdopted(declared, rollout),
    serves: servesByItself(declared),
    ...(apex === undefined ? {} : { apex }),
    writers: {
      replicas: lastWriterOf(declared, 'f:replicas'),
      selector: service ? lastWriterOf(service, 'f:selector') : 'unknown',
    },
  }
}

export type DeclaredReadiness = { gone: boolean; ready: number }

/** Ready pods of the declared Deployment with the template it has now; follows them until `signal`. */
export async function followDeclared(
  { kube, log, rollout }: { kube: Kube; log: Log; rollout: Rollout },
  onChange: (readiness: DeclaredReadiness) => void,
  signal: AbortSignal,
): Promise<void> {
  const watch = reflect<DeclaredDeployment>({
    kube,
    log,
    resource: DEPLOYMENTS,
    namespace: namespaceOf(rollout),
    fieldSelector: `metadata.name=${rollout.spec.workloadRef?.name}`,
    onChange: () => onChange(readinessOf(watch.items()[0])),
  })
  try {
    await Promise.race([watch.synced, aborted(signal)])
    onChange(readinessOf(watch.items()[0]))
    await aborted(signal)
  } finally {
    await watch.stop()
  }
}

function readinessOf(deployment: DeclaredDeployment | undefined): DeclaredReadiness {
  if (!deployment) return { gone: true, ready: 0 }
  const { updatedReplicas = 0, readyReplicas = 0 } = deployment.status ?? {}
  return { gone: false, ready: isCurrent(deployment) ? Math.min(updatedReplicas, readyReplicas) : 0 }
}

function servesByItself(deployment: DeclaredDeployment): boolean {
  const { readyReplicas = 0, conditions } = deployment.status ?? {}
  const isAvailable = conditions?.find(({ type }) => type === 'Available')?.status === 'True'
  return isCurrent(deployment) && isAvailable && readyReplicas > 0
}

/** Its status is about what it declares now. */
const isCurrent = ({ metadata, status }: DeclaredDeployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
