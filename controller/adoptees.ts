import { ADOPTED_BY, LABEL } from '../crds/names.ts'
import { DEPLOYMENTS, SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Kube, type Log } from '../kube/index.ts'
import type { DeclaredDeployment } from '../workload/declared.ts'
import type { Service } from '../workload/objects.ts'

/** Workloads of others, which `workloadRef` names, and their apex Services. */
export type Adoptees = {
  synced: Promise<unknown>
  lastActivity(): number
  deployment(rollout: Rollout): DeclaredDeployment | undefined
  service(rollout: Rollout): Service | undefined
  stop(): Promise<unknown>
}

export type AdopteesOptions = {
  kube: Pick<Kube, 'list' | 'watch'>
  log: Log
  onRestart: (kind: string) => void
  rollouts: () => Rollout[]
  /** A Rollout whose Deployment or apex changed. */
  onChange: (rollout: Rollout) => void
}

/** One watch for each kind, whatever is adopted: what the engine made itself bears its label and is left out. */
export function openAdoptees({ rollouts, onChange, ...common }: AdopteesOptions): Adoptees {
  const labelSelector = `!${LABEL.rollout}`
  const tell = (keyOf: (rollout: Rollout) => string | undefined) => (key: string) => {
    for (const rollout of rollouts()) if (keyOf(rollout) === key) onChange(rollout)
  }
  const deployments = reflect<DeclaredDeployment>({
    ...common,
    resource: DEPLOYMENTS,
    labelSelector,
    onChange: tell(deploymentKey),
    trim: declarationOf,
  })
  const services = reflect<Service>({
    ...common,
    resource: SERVICES,
    labelSelector,
    onChange: tell(serviceKey),
    trim: selectorOf,
  })
  const all = [deployments, services]
  return {
    synced: Promise.all(all.map((one) => one.synced)),
    lastActivity: () => Math.min(...all.map((one) => one.lastActivity())),
    deployment: (rollout) => deployments.get(deploymentKey(rollout) ?? ''),
    service: (rollout) => services.get(serviceKey(rollout) ?? ''),
    stop: () => Promise.all(all.map((one) => one.stop())),
  }
}

/** Undefined in `template` form, which adopts nothing. */
const deploymentKey = ({ metadata, spec }: Rollout): string | undefined =>
  spec.workloadRef && `${metadata.namespace}/${spec.workloadRef.name}`

const serviceKey = ({ metadata, spec }: Rollout): string | undefined =>
  spec.workloadRef && `${metadata.namespace}/${spec.service.name}`

/** What is declared, and what tells whether it was adopted. */
function declarationOf({ apiVersion, kind, metadata, spec }: DeclaredDeployment): DeclaredDeployment {
  const { annotations, labels: _labels, managedFields: _managers, ...rest } = metadata
  const by = annotations?.[ADOPTED_BY]
  const { replicas = 1, template } = spec
  return {
    apiVersion,
    kind,
    metadata: { ...rest, ...(by === undefined ? {} : { annotations: { [ADOPTED_BY]: by } }) },
    spec: { replicas, template },
  }
}

function selectorOf({ apiVersion, kind, metadata, spec }: Service): Service {
  const { name, namespace, uid, resourceVersion } = metadata
  const kept = { ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) }
  return {
    apiVersion,
    kind,
    metadata: { name, ...kept, ...(resourceVersion ? { resourceVersion } : {}) },
    spec: spec.selector ? { selector: spec.selector } : {},
  }
}
