import { ADOPTED_BY, LABEL } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'
import { missingApex } from './adoption-apex.ts'
import { applierOfReplicas } from './adoption-fields.ts'
import { isAdopted, sizeOf } from './adoption-workload.ts'
import type { DeclaredDeployment } from './declared.ts'
import type { Service } from './objects.ts'

export type Autoscaler = KubeObject & { spec?: { scaleTargetRef?: { kind?: string; name?: string } } }

/** What stands around a Deployment that is to be adopted, or is. */
export type AroundAdoption = {
  deployment: DeclaredDeployment
  /** The apex. */
  service: Service | undefined
  /** Of the namespace. */
  autoscalers: Autoscaler[]
  /** deploy/components/pin is installed. */
  pinned: boolean
}

/** Why the Deployment cannot be taken over, or not kept: a sentence with the remedy. */
export function refusalOfAdoption(rollout: Rollout, around: AroundAdoption): string | undefined {
  const { deployment, service, autoscalers } = around
  return (
    problemOfDeployment(rollout, deployment) ??
    problemOfApex(rollout, service) ??
    problemOfLabels(deployment, service!) ??
    problemOfAutoscalers(rollout, deployment, autoscalers) ??
    problemOfSize(rollout, deployment, autoscalers) ??
    problemOfApplier(rollout, around)
  )
}

/** Somebody is going to write `replicas` again, and nothing keeps that from the pods. */
export const isContested = ({ deployment, pinned }: Pick<AroundAdoption, 'deployment' | 'pinned'>): boolean =>
  !pinned && applierOfReplicas(deployment) !== undefined

function problemOfDeployment(rollout: Rollout, { metadata, spec }: DeclaredDeployment): string | undefined {
  const which = `spec.workloadRef.name: Deployment ${metadata.name}`
  if (metadata.deletionTimestamp !== undefined) return `${which} is being deleted; wait until it is made anew`
  const other = metadata.annotations?.[ADOPTED_BY]
  if (other !== undefined && other !== rollout.metadata.name) {
    return `${which} is adopted by Rollout ${other}; delete one of the two Rollouts, which hands it back`
  }
  if (spec.strategy?.type !== 'Recreate') return undefined
  return `${which} has the strategy Recreate, and pods of two revisions run beside each other during a release; write strategy: { type: RollingUpdate } there if they can`
}

/** Also of an apex that was given to a Rollout in `template` form. */
export function problemOfHeadless(service: Service): string | undefined {
  const { clusterIP, type } = service.spec
  const which = `spec.service.name: Service ${service.metadata.name}`
  if (clusterIP === 'None') {
    return `${which} is headless: clients choose pods by themselves and no share can be given; use a Service with a cluster IP`
  }
  if (type === 'ExternalName') return `${which} is an ExternalName and has no pods; name one that selects them`
  return undefined
}

function problemOfApex(rollout: Rollout, service: Service | undefined): string | undefined {
  return service ? problemOfHeadless(service) : missingApex(rollout)
}

/** Our key makes the selector narrower: what selects no pod without it selects none with it. */
function problemOfLabels({ metadata, spec }: DeclaredDeployment, service: Service): string | undefined {
  const { [LABEL.revision]: _, ...selector } = service.spec.selector ?? {}
  const which = `spec.service.name: Service ${service.metadata.name}`
  if (Object.keys(selector).length === 0) return `${which} has no selector; name the one that selects the pods`
  const labels = spec.template.metadata?.labels ?? {}
  const missing = Object.entries(selector).find(([key, value]) => labels[key] !== value)
  if (!missing) return undefined
  return `${which} selects ${missing.join('=')}, which the pods of Deployment ${metadata.name} are not labelled with; name the Service that selects them`
}

function problemOfAutoscalers(
  { metadata: { name } }: Rollout,
  { metadata }: DeclaredDeployment,
  autoscalers: Autoscaler[],
): string | undefined {
  const aimed = autoscalers.find((autoscaler) => aimsAt(autoscaler, 'Deployment', metadata.name))
  if (!aimed) return undefined
  return `HorizontalPodAutoscaler ${aimed.metadata.name} scales Deployment ${metadata.name}, whose pods are to be those of revisions; aim its scaleTargetRef at the Rollout: { apiVersion: sluice.dev/v1alpha1, kind: Rollout, name: ${name} }`
}

const aimsAt = ({ spec }: Autoscaler, kind: string, name: string): boolean =>
  spec?.scaleTargetRef?.kind === kind && spec.scaleTargetRef.name === name

/** From the adoption on the Rollout's size counts: as long as the Deployment's does, they have to agree. */
function problemOfSize(
  rollout: Rollout,
  deployment: DeclaredDeployment,
  autoscalers: Autoscaler[],
): string | undefined {
  const size = sizeOf(deployment)
  // An autoscaler may have begun with the Rollout before the engine did.
  const isScaled = autoscalers.some((autoscaler) => aimsAt(autoscaler, 'Rollout', rollout.metadata.name))
  if (isScaled && rollout.spec.replicas >= size) return undefined
  if (isAdopted(deployment, rollout) || size === 0 || size === rollout.spec.replicas) return undefined
  return `spec.replicas: Deployment ${deployment.metadata.name} has ${size} pods and the Rollout declares ${rollout.spec.replicas}, which would be the size from now on; write replicas: ${size}`
}

function problemOfApplier(rollout: Rollout, around: AroundAdoption): string | undefined {
  if (!isContested(around)) return undefined
  const { deployment } = around
  const { name } = deployment.metadata
  const remedy = `remove replicas from the manifest of Deployment ${name} (the engine owns the field too, so it keeps its value), or install deploy/components/pin`
  return `spec.workloadRef: field manager ${applierOfReplicas(deployment)} applies replicas of Deployment ${name} and would start its pods again beside those of Rollout ${rollout.metadata.name}; ${remedy}`
}
